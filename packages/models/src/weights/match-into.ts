import {
  isAncError,
  Rng,
  subtree,
  type ClassifierOutputs,
  type Network,
  type Tree,
  type Variables,
} from '@anc/core';
import { isOwn, type LazyTensor, type StateDict } from '@anc/formats';
import { fillFrom, type NameMap } from './arrange/name-map.js';
import { importInto, TORCH_NAME_MAPS } from './import-into.js';

/** Which variables of a network a file has. */
export interface Matched {
  /** Those that are in the file with their shape; loaded lazily. */
  readonly variables: Variables<LazyTensor>;
  /** The map of names that was used; null for a file of ours. */
  readonly map: string | null;
  /** Names of our variables that the file has with another shape, such as a last layer of other classes. */
  readonly otherShape: readonly string[];
  /** Names of our variables that the file does not have. */
  readonly missing: readonly string[];
  /** Names of the file's tensors that no variable takes. */
  readonly unused: readonly string[];
}

/**
 * Pairs the variables of a network with a file's tensors as far as names and shapes agree: the start of a training, where
 * some layers may be new. A file that fits as a whole is read as `importInto` does.
 *
 * @throws `ANC_MODEL_INPUT`
 */
export function matchInto(
  network: Network<ClassifierOutputs>,
  input: readonly number[],
  file: StateDict,
): Matched {
  const whole = wholly(network, input, file);
  if (whole !== null) return whole;
  const template = network.init(Rng.still(), input);
  const tensors = isOwn(file.tensors)
    ? { ...subtree(file.tensors, 'params'), ...subtree(file.tensors, 'stats') }
    : file.tensors;
  const names = Object.keys({ ...template.params, ...template.stats });
  const maps: Readonly<Record<string, NameMap>> = {
    same: (ours) => ours,
    ...TORCH_NAME_MAPS,
  };
  const hits = (map: NameMap): number => names.filter((ours) => Object.hasOwn(tensors, map(ours))).length;
  const [map, renamed] = Object.entries(maps).reduce((best, next) =>
    hits(next[1]) > hits(best[1]) ? next : best,
  );
  const otherShape: string[] = [];
  const missing: string[] = [];
  const used = new Set<string>();
  const filled = (kind: keyof Variables): Tree<LazyTensor> => {
    const found: Record<string, LazyTensor> = {};
    for (const [ours, spec] of Object.entries(template[kind])) {
      const theirs = renamed(ours);
      if (!Object.hasOwn(tensors, theirs)) {
        missing.push(ours);
        continue;
      }
      used.add(theirs);
      try {
        const one = {
          layout: isOwn(file.tensors) ? ('tensorflow' as const) : file.layout,
          tensors: { [theirs]: tensors[theirs]! },
        };
        found[ours] = fillFrom({ params: { [ours]: spec }, stats: {} }, one, renamed).params[ours]!;
      } catch (error) {
        if (!isAncError(error) || error.code !== 'ANC_WEIGHTS') throw error;
        otherShape.push(ours);
      }
    }
    return found;
  };
  const variables = { params: filled('params'), stats: filled('stats') };
  const unused = Object.keys(tensors).filter(
    (name) => !used.has(name) && !name.endsWith('num_batches_tracked'),
  );
  return { variables, map: isOwn(file.tensors) ? null : map, otherShape, missing, unused };
}

/** The same where the file has all of the network; null where it does not. */
function wholly(
  network: Network<ClassifierOutputs>,
  input: readonly number[],
  file: StateDict,
): Matched | null {
  try {
    const { variables, map, ignored } = importInto(network, input, file);
    return { variables, map, otherShape: [], missing: [], unused: ignored };
  } catch (error) {
    if (isAncError(error) && error.code === 'ANC_WEIGHTS') return null;
    throw error;
  }
}
