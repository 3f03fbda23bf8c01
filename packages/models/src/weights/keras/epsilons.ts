import type { HostTensor } from '@anc/core';

/** Epsilon of batch norm in our networks. */
const EPSILON = 1e-5;
/** Keras's default. */
const KERAS_EPSILON = 1e-3;
/** In the ResNets and DenseNets of `keras.applications`, by the names of their layers. */
const RESNET_EPSILON = 1.001e-5;
const RESNET_LAYER = /(^|\/)conv2_block1_\w+_bn\//;

/**
 * Folds the epsilon of each batch norm layer into its variance, so that our batch norm computes the same.
 * @param topology JSON as Keras writes it; layers are found by their names, at any depth
 */
export function foldEpsilons(tensors: Record<string, HostTensor>, topology: unknown): void {
  for (const [layer, epsilon] of epsilonsIn(topology)) {
    const name = Object.keys(tensors).find((key) => `/${key}`.endsWith(`/${layer}/moving_variance`));
    if (name === undefined) continue;
    fold(tensors, name, epsilon);
  }
}

/** The same for a file that holds only weights: with the epsilon of its network, or else Keras's default. */
export function foldDefaultEpsilons(tensors: Record<string, HostTensor>): void {
  const names = Object.keys(tensors);
  const epsilon = names.some((name) => RESNET_LAYER.test(name)) ? RESNET_EPSILON : KERAS_EPSILON;
  for (const name of names) {
    if (name.endsWith('moving_variance')) fold(tensors, name, epsilon);
  }
}

function fold(tensors: Record<string, HostTensor>, name: string, epsilon: number): void {
  const { shape, data } = tensors[name]!;
  tensors[name] = { shape, data: Float32Array.from(data, (value) => value + epsilon - EPSILON) };
}

/** Names of the layers that have an epsilon, at any depth of the topology, with that epsilon. */
function epsilonsIn(topology: unknown): [string, number][] {
  if (typeof topology !== 'object' || topology === null) return [];
  const { name, epsilon } = topology as { name?: unknown; epsilon?: unknown };
  const own: [string, number][] =
    typeof name === 'string' && typeof epsilon === 'number' ? [[name, epsilon]] : [];
  return [...own, ...Object.values(topology).flatMap(epsilonsIn)];
}
