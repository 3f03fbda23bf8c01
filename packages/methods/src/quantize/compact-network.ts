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
import { decodeCompact, encodeCompact } from './compact.js';
import type { QuantizedNetwork } from './quantized.js';

/**
 * What a quantised network ships: its effective weights as codes and levels under `params/`, everything else as it
 * is, its statistics under `stats/`. Latent weights and the estimator's own parameters stay behind. `input`: [H, W, C].
 */
export async function compactTensors(
  network: QuantizedNetwork,
  { params, stats }: Variables<HostTensor>,
  input: readonly number[],
  backend: Backend,
): Promise<Tree<HostTensor>> {
  const covered = network.covered(input);
  const used = await backend.compileFunction(
    (tensors) => {
      const effective = network.effective(tensors, input);
      return Object.fromEntries(covered.map((name) => [name, effective[name]!]));
    },
    {
      id: JSON.stringify(['effective', network.name]),
      inputs: mapTree(params, ({ shape }) => ({ shape: [...shape], dtype: 'float32' as const })),
    },
  );
  try {
    const few = await used.run(params);
    const own = Object.entries(params).filter(
      ([name]) => !covered.some((weights) => name === weights || name.startsWith(`${weights}/`)),
    );
    const shipped: Tree<HostTensor> = { ...Object.fromEntries(own), ...few };
    return mergeTrees<HostTensor>(
      prefixTree('params', encodeCompact(shipped, covered)),
      prefixTree('stats', stats),
    );
  } finally {
    await used.dispose();
  }
}

/** The variables that `compactTensors` was made of, as the plain network takes them. */
export function readCompactTensors(tensors: Tree<HostTensor>): Variables<HostTensor> {
  return { params: decodeCompact(subtree(tensors, 'params')), stats: subtree(tensors, 'stats') };
}
