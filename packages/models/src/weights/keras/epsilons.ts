import type { HostTensor } from '@anc/core';

const VARIANCE = '/moving_variance';
/** Parts of a layer's path that its name may have. */
const MOST_PARTS = 64;

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
  const named = variancesByLayer(Object.keys(tensors));
  const folded = new Set<string>();
  for (const [layer, epsilon] of epsilonsIn(topology)) {
    const name = named.get(layer);
    if (name === undefined || folded.has(name)) continue;
    fold(tensors, name, epsilon);
    folded.add(name);
  }
}

/** The first variance of each layer, by every path of the layer that ends with its own name. */
function variancesByLayer(names: readonly string[]): Map<string, string> {
  const found = new Map<string, string>();
  for (const name of names) {
    if (!name.endsWith(VARIANCE)) continue;
    const parts = name.slice(0, -VARIANCE.length).split('/').slice(-MOST_PARTS);
    for (let i = 0; i < parts.length; i++) {
      const layer = parts.slice(i).join('/');
      if (!found.has(layer)) found.set(layer, name);
    }
  }
  return found;
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
