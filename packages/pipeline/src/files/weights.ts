import { createHash } from 'node:crypto';
import { mergeTrees, prefixTree, subtree, type HostTensor, type Variables } from '@anc/core';
import {
  decodeSafetensors,
  encodeSafetensors,
  encodeWeightsMetadata,
  type WeightsMetadata,
} from '@anc/formats';
import { assertSameSpecs, damagedError, specsOf, type RunFolder } from '@anc/runtime';

/** The weights file of a model in a run folder. */
export const WEIGHTS = 'weights.safetensors';

/** Variables under the names of a weights file: `params/…` and `stats/…`. */
export const asTensors = <T>({ params, stats }: Variables<T>): Record<string, T> =>
  mergeTrees(prefixTree('params', params), prefixTree('stats', stats));

/** SHA-256 of a network's weights as a file without metadata. */
export function digestOf(variables: Variables<HostTensor>): string {
  return createHash('sha256')
    .update(encodeSafetensors(asTensors(variables)))
    .digest('hex');
}

/** Writes `<place>/weights.safetensors` with metadata. Returns its SHA-256 and its size. */
export async function writeWeights(
  folder: RunFolder,
  place: readonly string[],
  variables: Variables<HostTensor>,
  metadata: WeightsMetadata,
): Promise<{ readonly weights: string; readonly bytes: number }> {
  const bytes = encodeSafetensors(asTensors(variables), encodeWeightsMetadata(metadata));
  await folder.write([...place, WEIGHTS], bytes);
  return { weights: createHash('sha256').update(bytes).digest('hex'), bytes: bytes.byteLength };
}

/**
 * Reads what `writeWeights` wrote, as weights of a network with these names and shapes. Throws `ANC_RUN_DAMAGED`,
 * `ANC_SAFETENSORS` or `ANC_CHECKPOINT`.
 */
export async function readWeights(
  folder: RunFolder,
  place: readonly string[],
  initial: Variables<HostTensor>,
): Promise<Variables<HostTensor>> {
  const name = [...place, WEIGHTS];
  const bytes = await folder.readBytes(...name);
  if (bytes === null)
    throw damagedError(folder.path, name.join('/'), 'the weights of a finished model', 'no such file');
  const { tensors } = decodeSafetensors(bytes);
  assertSameSpecs(specsOf(asTensors(initial)), specsOf(tensors));
  return { params: subtree(tensors, 'params'), stats: subtree(tensors, 'stats') };
}
