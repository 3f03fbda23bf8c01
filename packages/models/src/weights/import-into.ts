import {
  AncError,
  Rng,
  sizeOf,
  subtree,
  type ClassifierOutputs,
  type LayerSummary,
  type Network,
  type Variables,
} from '@anc/core';
import { type LazyTensor, isOwn, unwrappedName, type StateDict } from '@anc/formats';
import { namesByKind } from './arrange/names-by-kind.js';
import { flattenedImages } from './arrange/flattened.js';
import { applicationNames, KERAS_LEAVES } from './keras/application-names.js';
import { unfoldEpsilons } from './keras/epsilons.js';
import { withMatrixHead } from './arrange/matrix-head.js';
import { fillFrom, type NameMap } from './arrange/name-map.js';
import { torchPath } from './torch/module-path.js';
import { torchNames } from './torch/renamed.js';
import { resnetNames } from './torch/resnet.js';

/** Names in files of `exportKerasModel`: our layers, with Keras's names of the leaves. */
const kerasName: NameMap = (ours) => {
  const path = ours.split('/');
  const leaf = path.pop()!;
  return `${path.join('_').replaceAll('.', '_')}/${KERAS_LEAVES[leaf] ?? leaf}`;
};

/** Known naming schemes of PyTorch's tensors, by their origin. */
export const TORCH_NAME_MAPS: Readonly<Record<string, NameMap>> = {
  torchvision: resnetNames('fc'),
  'cifar-resnet': resnetNames('linear'),
  'pytorch-cifar': resnetNames('linear', 'shortcut'),
  torch: torchPath,
};

/** Name maps that do not depend on the file. */
const NAME_MAPS: Readonly<Record<string, NameMap>> = {
  ...TORCH_NAME_MAPS,
  keras: kerasName,
  same: (ours) => ours,
};

/** The name of a known map, `same`, `order`, or the file's name for each of our variables. */
export type MapChoice = string | NameMap | Readonly<Record<string, string>>;

/** Names of the maps that can be chosen. */
export const mapNames: readonly string[] = [
  ...Object.keys(TORCH_NAME_MAPS),
  'keras',
  'keras-applications',
  'same',
  'order',
];

/** Weights of another program under the names of one of our networks. */
export interface Imported {
  /** Loaded and transposed lazily. */
  readonly variables: Variables<LazyTensor>;
  /** The map that was used; null for our own files. */
  readonly map: string | null;
  /** Names of the file's tensors that lie beside the network and are not used. */
  readonly ignored: readonly string[];
}

/**
 * The weights of a file as variables of a network. Without `map` the file's names decide: our own, those of a known map,
 * the network's own (`same`), or else the order of each kind of variable (`order`).
 * @throws `ANC_WEIGHTS` if tensors are missing, have another shape, or are left over; `ANC_MODEL_INPUT`
 */
export function importInto(
  network: Network<ClassifierOutputs>,
  input: readonly number[],
  file: StateDict,
  map?: MapChoice,
): Imported {
  const layers = network.summary(input);
  assertComparable(layers, file);
  const template = network.init(Rng.still(), input);
  const images = flattenedImages(layers, input, template.params);
  const fill = (from: StateDict, names: NameMap): Variables<LazyTensor> => {
    const filled = fillFrom(template, from, names, images);
    return file.folded === undefined ? filled : unfoldEpsilons(filled, layers, file.folded, names);
  };
  if (map === undefined && isOwn(file.tensors)) {
    const { tensors } = withMatrixHead(template, file);
    const own = { ...file, tensors: { ...subtree(tensors, 'params'), ...subtree(tensors, 'stats') } };
    return { variables: fill(own, (name) => name), map: null, ignored: [] };
  }
  const names = { ...template.params, ...template.stats };
  if (typeof map === 'object') assertKnown(map, names);
  if (typeof map === 'object' || typeof map === 'function') {
    const dict = withMatrixHead(template, file);
    const renamed = typeof map === 'function' ? map : byNames(map, dict.tensors);
    return { variables: fill(dict, renamed), map: 'own', ignored: [] };
  }
  if (map !== undefined && !mapNames.includes(map)) {
    throw new AncError('ANC_WEIGHTS', `no name map "${map}".`, {
      expected: `one of ${mapNames.join(', ')}, or a JSON file`,
      received: map,
    });
  }
  const candidates = map === undefined ? mapNames : [map];
  const namings =
    file.layout === 'torch' ? [...torchNames(file.tensors)] : [{ tensors: file.tensors, ignored: [] }];
  for (const { tensors, ignored } of namings) {
    const dict = withMatrixHead(template, { ...file, tensors });
    for (const chosen of candidates.filter((name) => name !== 'order')) {
      const renamed = known(chosen, dict);
      if (Object.keys(names).every((ours) => Object.hasOwn(dict.tensors, renamed(ours)))) {
        return { variables: fill(dict, renamed), map: chosen, ignored };
      }
    }
  }
  if (map !== undefined && map !== 'order') {
    const dict = withMatrixHead(template, file);
    return { variables: fill(dict, known(map, dict)), map, ignored: [] }; // the error names what is missing
  }
  const { tensors, ignored } = namings.find((naming) => naming.ignored.length > 0) ?? namings[0]!;
  const dict = withMatrixHead(template, { ...file, tensors });
  return { variables: fill(dict, namesByKind(template, dict)), map: 'order', ignored };
}

/** Parameters that a network may have beyond a multiple of the numbers in the file. */
const FEW = 2 ** 24;
const MULTIPLE = 16;

/** Throws `ANC_WEIGHTS` where the network is so much larger than the file that it need not be made to see that they do not fit. */
function assertComparable(layers: readonly LayerSummary[], { tensors }: StateDict): void {
  const parameters = layers.reduce((sum, layer) => sum + layer.parameters, 0);
  const stored = Object.values(tensors).reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  if (parameters <= FEW + MULTIPLE * stored) return;
  throw new AncError('ANC_WEIGHTS', 'the file is far too small for the network.', {
    expected: `${parameters} parameters`,
    received: `${stored} numbers`,
    hint: 'check the model, its options and the size of the images that the file names, or that were given.',
  });
}

/** The names of a known program. */
const known = (map: string, { tensors }: Pick<StateDict, 'tensors'>): NameMap =>
  map === 'keras-applications' ? applicationNames(tensors) : NAME_MAPS[map]!;

/** A person's map; the file's names may be written with the wrappers that reading them removes. */
const byNames =
  (map: Readonly<Record<string, string>>, tensors: StateDict['tensors']): NameMap =>
  (ours) => {
    const theirs = map[ours] ?? ours;
    return Object.hasOwn(tensors, theirs) ? theirs : unwrappedName(theirs);
  };

/** Throws `ANC_WEIGHTS` if a map names variables that the network does not have. */
function assertKnown(map: Readonly<Record<string, string>>, ours: Readonly<Record<string, unknown>>): void {
  const unknown = Object.keys(map).filter((name) => !Object.hasOwn(ours, name));
  if (unknown.length === 0) return;
  throw new AncError('ANC_WEIGHTS', 'the map names variables that the network does not have.', {
    expected: `names such as ${Object.keys(ours).slice(0, 4).join(', ')}`,
    received: unknown.slice(0, 4).join(', '),
    hint: "its keys are our names, its values the file's names. `anc-cli describe model` lists the layers.",
  });
}
