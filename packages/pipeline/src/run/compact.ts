import { type Backend, type HostTensor, type Variables } from '@anc/core';
import { encodeSafetensors, encodeWeightsMetadata, type WeightsMetadata } from '@anc/formats';
import { compactTensors, isQuantized } from '@anc/methods';
import type { RunFolder } from '@anc/runtime';
import type { PlannedNetwork } from '../planning/plan-network.js';

export const COMPACT = 'compact.safetensors';

/**
 * Writes `<place>/compact.safetensors` for a network of few-valued weights: codes and levels instead of numbers, for
 * the plain model. Returns its size; null for other networks, which have no such file.
 */
export async function writeCompact(
  folder: RunFolder,
  place: readonly string[],
  { network }: PlannedNetwork,
  variables: Variables<HostTensor>,
  metadata: WeightsMetadata,
  { backend, input }: { readonly backend: Backend; readonly input: readonly number[] },
): Promise<number | null> {
  if (!isQuantized(network)) return null;
  const { estimator } = network;
  // The plain model computes the same from these weights, unless inputs are binary too: then it needs the method.
  const methodOptions = estimator.input === undefined ? undefined : metadata.methodOptions;
  const tensors = await compactTensors(network, variables, input, backend);
  const recorded = encodeWeightsMetadata({ ...metadata, methodOptions, compact: estimator.name });
  const bytes = encodeSafetensors(tensors, recorded);
  await folder.write([...place, COMPACT], bytes);
  return bytes.byteLength;
}
