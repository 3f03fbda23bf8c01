import type { HostTensor, LayerSummary, Variables } from '@anc/core';
import type { LazyTensor } from '@anc/formats';
import type { NameMap } from '../arrange/name-map.js';

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
 * @returns the names of the variances
 */
export function foldEpsilons(tensors: Record<string, HostTensor>, topology: unknown): ReadonlySet<string> {
  const named = variancesByLayer(Object.keys(tensors));
  const folded = new Set<string>();
  for (const [layer, epsilon] of epsilonsIn(topology)) {
    const name = named.get(layer);
    if (name === undefined || folded.has(name)) continue;
    fold(tensors, name, epsilon);
    folded.add(name);
  }
  return folded;
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
export function foldDefaultEpsilons(tensors: Record<string, HostTensor>): ReadonlySet<string> {
  const names = Object.keys(tensors);
  const epsilon = names.some((name) => RESNET_LAYER.test(name)) ? RESNET_EPSILON : KERAS_EPSILON;
  const folded = names.filter((name) => name.endsWith('moving_variance'));
  for (const name of folded) fold(tensors, name, epsilon);
  return new Set(folded);
}

/**
 * Variances as a network with another epsilon takes them: what was folded into them is taken out again.
 * @param layers the network's summary
 * @param folded the file's names of variances that were folded
 * @param map the file's name of each of our variables
 */
export function unfoldEpsilons(
  variables: Variables<LazyTensor>,
  layers: readonly LayerSummary[],
  folded: ReadonlySet<string>,
  map: NameMap,
): Variables<LazyTensor> {
  const stats: Record<string, LazyTensor> = { ...variables.stats };
  for (const { name, epsilon } of layers) {
    const variance = `${name}/variance`;
    const stored = stats[variance];
    if (epsilon === undefined || stored === undefined || !folded.has(map(variance))) continue;
    stats[variance] = {
      ...stored,
      load: () => {
        const { shape, data } = stored.load();
        return { shape, data: Float32Array.from(data, (value) => value + EPSILON - epsilon) };
      },
    };
  }
  return { params: variables.params, stats };
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
