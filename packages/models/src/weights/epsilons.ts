import type { HostTensor } from '@anc/core';

/** Batch norm's epsilon in networks of ours. */
const EPSILON = 1e-5;
/** In Keras, where nothing else is said. */
const KERAS_EPSILON = 1e-3;
/** In the ResNets and DenseNets of `keras.applications`, by the names of their layers. */
const RESNET_EPSILON = 1.001e-5;
const RESNET_LAYER = /(^|\/)conv2_block1_\w+_bn\//;

/**
 * Moves what a Keras layer says of batch norm's epsilon into its variance, so that ours computes the same. `topology`
 * is JSON as Keras writes it: layers are found by their names, wherever they stand in it.
 */
export function foldEpsilons(tensors: Record<string, HostTensor>, topology: unknown): void {
  for (const [layer, epsilon] of epsilonsIn(topology)) {
    const name = Object.keys(tensors).find((key) => `/${key}`.endsWith(`/${layer}/moving_variance`));
    if (name === undefined) continue;
    fold(tensors, name, epsilon);
  }
}

/** The same for a file of weights alone, which does not say its layers' epsilons: its network's, or Keras's own. */
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

/** Layers by name with an epsilon of their own, wherever in the topology they stand. */
function epsilonsIn(topology: unknown): [string, number][] {
  if (typeof topology !== 'object' || topology === null) return [];
  const { name, epsilon } = topology as { name?: unknown; epsilon?: unknown };
  const own: [string, number][] =
    typeof name === 'string' && typeof epsilon === 'number' ? [[name, epsilon]] : [];
  return [...own, ...Object.values(topology).flatMap(epsilonsIn)];
}
