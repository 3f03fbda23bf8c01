import {
  mapTree,
  mergeTrees,
  prefixTree,
  subtree,
  type Backend,
  type HostTensor,
  type Tree,
  type Variables,
} from '@anc/core';
import { originOf } from '@anc/core/internal';
import { decodeCompact, encodeCompact } from './compact.js';
import type { QuantizedNetwork } from './quantized.js';

/**
 * The tensors that are stored of a quantized network: its effective weights as codes and levels and all other
 * parameters unchanged under `params/`, its statistics under `stats/`. Latent weights and the estimator's own
 * parameters are left out. `input`: [H, W, C].
 */
export async function compactTensors(
  network: QuantizedNetwork,
  { params, stats }: Variables<HostTensor>,
  input: readonly number[],
  backend: Backend,
): Promise<Tree<HostTensor>> {
  const covered = network.covered(input);
  const effectiveWeights = await backend.compileFunction(
    (tensors) => {
      const effective = network.effective(tensors, input);
      return Object.fromEntries(covered.map((name) => [name, effective[name]!]));
    },
    {
      id: JSON.stringify(['effective', network.name]),
      title: originOf('network', network),
      inputs: mapTree(params, ({ shape }) => ({ shape: [...shape], dtype: 'float32' as const })),
    },
  );
  try {
    const quantized = await effectiveWeights.run(params);
    const others = Object.entries(params).filter(
      ([name]) => !covered.some((weights) => name === weights || name.startsWith(`${weights}/`)),
    );
    const stored: Tree<HostTensor> = { ...Object.fromEntries(others), ...quantized };
    return mergeTrees<HostTensor>(
      prefixTree('params', encodeCompact(stored, covered)),
      prefixTree('stats', stats),
    );
  } finally {
    await effectiveWeights.dispose();
  }
}

/** Decodes what `compactTensors` made: variables of the plain network. */
export function readCompactTensors(tensors: Tree<HostTensor>): Variables<HostTensor> {
  return { params: decodeCompact(subtree(tensors, 'params')), stats: subtree(tensors, 'stats') };
}
