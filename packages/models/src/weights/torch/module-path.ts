import type { NameMap } from '../arrange/name-map.js';

/** PyTorch's names of our leaves. */
const LEAVES: Readonly<Record<string, string>> = {
  weights: 'weight',
  gamma: 'weight',
  beta: 'bias',
  mean: 'running_mean',
  variance: 'running_var',
  alpha: 'weight',
};

/** PyTorch's names of a module whose layers are named as ours: `layer1/0/bn1/gamma` is `layer1.0.bn1.weight`. */
export const torchPath: NameMap = (ours) => {
  const path = ours.split('/');
  const leaf = path.pop()!;
  return [...path, LEAVES[leaf] ?? leaf].join('.');
};
