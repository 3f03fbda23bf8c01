import { toLazyTensor, isAncError, mapTree, type ByteSource, type HostTensor, type Tree } from '@anc/core';
import { foldDefaultEpsilons, foldEpsilons } from '../epsilons.js';
import { saidMetadata } from '../said-metadata.js';
import type { StateDict } from '../state-dict.js';
import { zipEntries } from '../zip-directory.js';
import { damagedKeras, openHdf5, type Hdf5Group } from './hdf5.js';
import { layersIn, layersOf, type KerasLayer } from './layers.js';
import { foldPreprocessing } from './fold-preprocessing.js';

const HDF5 = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a];
const ZIP = [0x50, 0x4b, 0x03, 0x04];
const WEIGHTS = 'model.weights.h5';
const METADATA = 'metadata.json';
const CONFIG = 'config.json';
/** Of the header before a file's name. */
const LOCAL_LENGTH = 30;

const startsWith = (source: ByteSource, start: readonly number[]): boolean => {
  if (source.length < start.length) return false;
  const bytes = source.read(0, start.length);
  return start.every((byte, i) => bytes[i] === byte);
};

/** Whether the bytes look like a `.keras` or `.h5` file. */
export function isKeras(source: ByteSource): boolean {
  if (startsWith(source, HDF5)) return true;
  if (!startsWith(source, ZIP)) return false;
  try {
    return zipEntries(source, damagedKeras).has(WEIGHTS);
  } catch (error) {
    if (!isAncError(error)) throw error;
    return beginsAsKeras(source); // damaged or compressed
  }
}

/** Whether a zip archive, of which perhaps only the beginning is there, starts with a file that `.keras` files have. */
function beginsAsKeras(source: ByteSource): boolean {
  const start = source.read(0, Math.min(source.length, LOCAL_LENGTH + WEIGHTS.length));
  const name = new TextDecoder().decode(start.subarray(LOCAL_LENGTH));
  return [METADATA, CONFIG, WEIGHTS].some((own) => name.startsWith(own));
}

/**
 * The weights of a Keras model: `.keras`, `.weights.h5`, or the `.h5` of before. Variables are named
 * `<layer>/kernel`, `<layer>/gamma` and so on, in the order of the layers; a layer's own epsilon of batch norm moves
 * into its variance, Keras's own where the file holds weights alone. Throws `ANC_WEIGHTS` on a damaged file.
 */
export async function readKeras(source: ByteSource): Promise<StateDict> {
  const { tensors, topology, metadata } = startsWith(source, ZIP)
    ? await readKerasArchive(source)
    : { ...readHdf5(await openHdf5(source.read(0, source.length))), metadata: {} };
  if (Object.keys(tensors).length === 0) throw damagedKeras('it has no layers with variables');
  if (topology === null) foldDefaultEpsilons(tensors);
  else foldEpsilons(tensors, topology);
  const said = foldPreprocessing(tensors, topology);
  return {
    format: 'keras',
    layout: 'tensorflow',
    tensors: mapTree(tensors, toLazyTensor),
    metadata: { ...said, ...metadata },
    topology,
  };
}

interface Read {
  /** `<layer>/kernel` and so on, as they are stored. */
  readonly tensors: Record<string, HostTensor>;
  /** The network as JSON, or null where the file holds weights alone. */
  readonly topology: unknown;
}

/** What is in a `.keras` file. */
export interface KerasArchive extends Read {
  /** What a file of ours says of itself; empty in files of others. */
  readonly metadata: Tree<string>;
}

/**
 * `.keras`: a zip of the network's configuration, its weights, and what else is said of it.
 * Throws `ANC_WEIGHTS` on a damaged file.
 */
export async function readKerasArchive(source: ByteSource): Promise<KerasArchive> {
  const files = zipEntries(source, damagedKeras);
  const all = (name: string): Uint8Array<ArrayBuffer> => {
    const file = files.get(name);
    if (file === undefined) throw damagedKeras(`it has no ${name}`);
    return file.checked();
  };
  const text = (name: string): string => new TextDecoder().decode(all(name));
  const topology = json(text(CONFIG));
  const weights = await openHdf5(all(WEIGHTS));
  return {
    tensors: inOrder(weights, layersOf(topology)),
    topology,
    metadata: files.has(METADATA)
      ? saidMetadata((json(text(METADATA)) as { anc?: unknown } | null)?.anc)
      : {},
  };
}

function readHdf5(file: Hdf5Group): Read {
  const config = file.attribute('model_config');
  const root = file.group('model_weights') ?? file;
  const names = root.attribute('layer_names');
  if (!Array.isArray(names)) return { tensors: inOrder(file, layersIn(file)), topology: null };
  const tensors: Record<string, HostTensor> = {};
  for (const layer of names.map(String)) {
    const group = root.group(layer);
    const weights: unknown = group?.attribute('weight_names') ?? [];
    if (group === null || !Array.isArray(weights)) throw damagedKeras(`its layer "${layer}" cannot be read`);
    for (const name of weights.map(String)) tensors[name.replace(/:0$/, '')] = group.floats(name);
  }
  return { tensors, topology: typeof config === 'string' ? json(config) : null };
}

/** The variables of Keras 3, which have numbers for names: what they are follows from the layer's class. */
function inOrder(file: Hdf5Group, layers: readonly KerasLayer[]): Record<string, HostTensor> {
  const tensors: Record<string, HostTensor> = {};
  for (const { name, path, variables } of layers) {
    const group = file.group(`${path}/vars`);
    for (const index of group === null ? [] : group.names) {
      if (variables.length > 0 && variables[Number(index)] === undefined) continue;
      tensors[`${name}/${variables[Number(index)] ?? index}`] = group!.floats(index);
    }
  }
  return tensors;
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw damagedKeras('its configuration is not JSON', cause);
  }
}
