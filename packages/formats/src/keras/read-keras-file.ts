import { isAncError, type HostTensor, type Tree } from '@anc/core';
import { startsWith, type ByteSource } from '../bytes/byte-source.js';
import { parseJson } from '../json/parse-json.js';
import { embeddedMetadata } from '../metadata/embedded-metadata.js';
import { LOCAL_LENGTH, ZIP_START, zipEntries } from '../zip/zip-directory.js';
import { damagedKeras, openHdf5, type Hdf5Group } from './hdf5.js';
import { layersInConfig, layersInFile, type StoredLayer } from './stored-layers.js';

const HDF5_START = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a];
const WEIGHTS = 'model.weights.h5';
const METADATA = 'metadata.json';
const CONFIG = 'config.json';

/** The content of a Keras file. */
export interface KerasFile {
  /** `<layer>/kernel`, `<layer>/gamma` and so on, in the order of the layers, with the stored values. */
  readonly tensors: Record<string, HostTensor>;
  /** The network's configuration as JSON; null if the file holds only weights. */
  readonly topology: unknown;
  /** What our export wrote into the file; empty in files of other programs. */
  readonly metadata: Tree<string>;
}

/** Whether the bytes look like a `.keras` or `.h5` file. */
export function isKeras(source: ByteSource): boolean {
  if (startsWith(source, HDF5_START)) return true;
  if (!startsWith(source, ZIP_START)) return false;
  try {
    return zipEntries(source, damagedKeras).has(WEIGHTS);
  } catch (error) {
    if (!isAncError(error)) throw error;
    return beginsAsKeras(source); // damaged or compressed
  }
}

/** Whether a zip archive, which may be cut short, starts with a file that `.keras` archives contain. */
function beginsAsKeras(source: ByteSource): boolean {
  const start = source.read(0, Math.min(source.length, LOCAL_LENGTH + WEIGHTS.length));
  const name = new TextDecoder().decode(start.subarray(LOCAL_LENGTH));
  return [METADATA, CONFIG, WEIGHTS].some((own) => name.startsWith(own));
}

/**
 * Reads a Keras file: `.keras`, `.weights.h5`, or the older `.h5`.
 * @throws `ANC_WEIGHTS` if it is damaged
 */
export const readKerasFile = async (source: ByteSource): Promise<KerasFile> =>
  startsWith(source, ZIP_START)
    ? readArchive(source)
    : readHdf5(await openHdf5(source.read(0, source.length)));

/** A `.keras` file is a zip archive of the network's configuration, its weights and metadata. */
async function readArchive(source: ByteSource): Promise<KerasFile> {
  const files = zipEntries(source, damagedKeras);
  const read = (name: string): Uint8Array<ArrayBuffer> => {
    const file = files.get(name);
    if (file === undefined) throw damagedKeras(`it has no ${name}`);
    return file.checked();
  };
  const text = (name: string): string => new TextDecoder().decode(read(name));
  const topology = json(text(CONFIG));
  const weights = await openHdf5(read(WEIGHTS));
  return {
    tensors: tensorsOf(weights, layersInConfig(topology)),
    topology,
    metadata: files.has(METADATA)
      ? embeddedMetadata((json(text(METADATA)) as { anc?: unknown } | null)?.anc)
      : {},
  };
}

function readHdf5(file: Hdf5Group): KerasFile {
  const config = file.attribute('model_config');
  const root = file.group('model_weights') ?? file;
  const names = root.list('layer_names');
  const topology = typeof config === 'string' ? json(config) : null;
  if (names === null) {
    const tensors = tensorsOf(file, layersInFile(file));
    return {
      tensors: Object.keys(tensors).length > 0 ? tensors : unnamed(root),
      topology,
      metadata: {},
    };
  }
  const tensors: [string, HostTensor][] = [];
  for (const layer of names) {
    const group = root.group(layer);
    if (group === null) throw damagedKeras(`its layer "${layer}" cannot be read`);
    for (const name of group.list('weight_names') ?? [])
      tensors.push([name.replace(/:0$/, ''), group.floats(name)]);
  }
  return { tensors: Object.fromEntries(tensors), topology, metadata: {} };
}

/** A numbered variable: its layer and its number. */
const VARIABLE = /^(.*)\/vars\/(\d+)$/;
/** Groups of an optimizer's variables. */
const OPTIMIZER = /^_?optimizer(?:_weights)?\//;

/** The tensors of a file that does not list its layers, by their paths: another program's, or of a model's attributes. */
function unnamed(file: Hdf5Group): Record<string, HostTensor> {
  const paths = file.datasets().filter((path) => !OPTIMIZER.test(path));
  const tensors = paths.map((path) => [path.replace(/:0$/, ''), file.floats(path)] as const);
  const ranks = new Map<string, number[]>();
  for (const [path, { shape }] of tensors) {
    const layer = VARIABLE.exec(path)?.[1];
    if (layer !== undefined) ranks.set(layer, [...(ranks.get(layer) ?? []), shape.length]);
  }
  return Object.fromEntries(tensors.map(([path, tensor]) => [withLeaf(path, ranks), tensor]));
}

/** A numbered variable of Keras 3 by what it is, which the shapes in its layer tell; another path as it is. */
function withLeaf(path: string, ranksOf: ReadonlyMap<string, readonly number[]>): string {
  const [, layer, index] = VARIABLE.exec(path) ?? [];
  if (layer === undefined) return path;
  const ranks = ranksOf.get(layer)!.join();
  const leaves = /^[24](,1)?$/.test(ranks)
    ? VARIABLES_OF.kernel
    : ranks === '1,1,1,1'
      ? VARIABLES_OF.norm
      : null;
  return leaves === null ? path : `${layer}/${leaves[Number(index)]}`;
}

const VARIABLES_OF = {
  kernel: ['kernel', 'bias'],
  norm: ['gamma', 'beta', 'moving_mean', 'moving_variance'],
} as const;

/** The variables of a Keras 3 file. They are numbered; what each one is follows from the layer's class. */
function tensorsOf(file: Hdf5Group, layers: readonly StoredLayer[]): Record<string, HostTensor> {
  const tensors: [string, HostTensor][] = [];
  for (const { name, path, variables } of layers) {
    const group = file.group(`${path}/vars`);
    for (const index of group === null ? [] : group.names) {
      if (variables.length > 0 && variables[Number(index)] === undefined) continue;
      tensors.push([`${name}/${variables[Number(index)] ?? index}`, group!.floats(index)]);
    }
  }
  return Object.fromEntries(tensors);
}

function json(text: string): unknown {
  try {
    return parseJson(text);
  } catch (cause) {
    throw damagedKeras('its configuration is not JSON', cause);
  }
}
