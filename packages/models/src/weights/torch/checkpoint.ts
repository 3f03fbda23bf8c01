import { AncError, sizeOf, type ByteSource, type LazyTensor } from '@anc/core';
import { ByteReader, damagedCheckpoint } from './pickle-reader.js';
import { resolverFor, isKind, type Value } from './resolver.js';
import { bytesOf, storedTensor, type StorageType, type StoredBytes, type TensorView } from './storage.js';
import { zipEntries } from '../zip-directory.js';
import { unpickle } from './unpickle.js';

/** Starts of the two formats: zip, and the four pickles of PyTorch before 1.6. */
const ZIP = [0x50, 0x4b, 0x03, 0x04];
const LEGACY = [0x80, 0x02, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, 0x2e];

const startsWith = (source: ByteSource, start: readonly number[]): boolean => {
  if (source.length < start.length) return false;
  const bytes = source.read(0, start.length);
  return start.every((byte, i) => bytes[i] === byte);
};

/** Whether the bytes look like a `.pth`, `.pt` or `.th` file. */
export const isTorchCheckpoint = (source: ByteSource): boolean =>
  startsWith(source, ZIP) || startsWith(source, LEGACY);

/**
 * The tensors of a PyTorch checkpoint (`torch.save` of a state dict, or of a dictionary that holds one), each read
 * when it is wanted.
 *
 * Safe on any file: only tensors and containers are ever built, every other global name is refused by name,
 * and nothing is allocated by a number that was not checked against the file's length.
 * A `module.` in front of all names (DataParallel) is taken off. Throws `ANC_CHECKPOINT`.
 */
export function readTorchCheckpoint(source: ByteSource): Record<string, LazyTensor> {
  if (startsWith(source, ZIP)) return readZip(source);
  if (startsWith(source, LEGACY)) return readLegacy(source);
  throw damagedCheckpoint(
    'it starts with neither of the two formats of torch.save',
    'save it with torch.save(model.state_dict(), path).',
  );
}

function readLegacy(source: ByteSource): Record<string, LazyTensor> {
  const reader = new ByteReader(source, LEGACY.length);
  const types = new Map<string, StorageType>();
  const resolver = resolverFor(types);
  unpickle(reader, resolver); // protocol version
  const system = unpickle(reader, resolver);
  if (system instanceof Map && system.get('little_endian') === false) {
    throw damagedCheckpoint('it was written by a big-endian machine');
  }
  const root = unpickle(reader, resolver);
  const keys = unpickle(reader, resolver);
  const storages = new Map<string, StoredBytes>();
  for (const key of Array.isArray(keys) ? keys : []) {
    const type = typeof key === 'string' ? types.get(key) : undefined;
    if (type === undefined) throw damagedCheckpoint('it holds a storage of unknown type');
    const size = reader.uint64() * bytesOf(type);
    const start = reader.position;
    reader.skip(size);
    storages.set(key as string, {
      size,
      read: (begin, end, lent) => source.read(start + begin, start + end, lent),
    });
  }
  return storedTensors(findTensors(root), source.length, (key) => storages.get(key));
}

function readZip(source: ByteSource): Record<string, LazyTensor> {
  const files = zipEntries(source, damagedCheckpoint);
  const pickle = [...files.keys()].find((name) => name === 'data.pkl' || name.endsWith('/data.pkl'));
  if (pickle === undefined) throw damagedCheckpoint('its zip archive has no data.pkl');
  const folder = pickle.slice(0, -'data.pkl'.length);
  const order = files.get(`${folder}byteorder`);
  if (order !== undefined && new TextDecoder().decode(order.read(0, order.size)) !== 'little') {
    throw damagedCheckpoint('it was written by a big-endian machine');
  }
  const { size, read } = files.get(pickle)!;
  const root = unpickle(new ByteReader({ length: size, read }), resolverFor(new Map()));
  return storedTensors(findTensors(root), source.length, (key) => files.get(`${folder}data/${key}`));
}

/** Elements per byte of the file: tensors may share storages, and bytes become 32-bit integers. */
const SHARING = 4;

function storedTensors(
  tensors: ReadonlyMap<string, TensorView>,
  fileLength: number,
  storageOf: (key: string) => StoredBytes | undefined,
): Record<string, LazyTensor> {
  const elements = [...tensors.values()].reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  if (elements > SHARING * fileLength) throw damagedCheckpoint('its tensors are larger than the file');
  const stored = [...tensors].map(([name, view]): [string, LazyTensor] => {
    const storage = storageOf(view.storage.key);
    if (storage === undefined) throw damagedCheckpoint(`the storage of "${name}" is missing`);
    return [name, storedTensor(name, view, storage)];
  });
  return Object.fromEntries(withoutModule(stored));
}

const withoutModule = (pairs: [string, LazyTensor][]): [string, LazyTensor][] =>
  pairs.every(([name]) => name.startsWith('module.'))
    ? pairs.map(([name, stored]) => [name.slice('module.'.length), stored])
    : pairs;

/** The tensors of the root dictionary, or of the one dictionary in it that holds any. */
function findTensors(root: Value): Map<string, TensorView> {
  const own = tensorsIn(root);
  if (own.length > 0) return new Map(own);
  const holding = new Map<Value, boolean>(); // one dictionary may be there under many keys
  const holds = (value: Value): boolean => {
    const known = holding.get(value) ?? tensorsIn(value).length > 0;
    holding.set(value, known);
    return known;
  };
  const nested = root instanceof Map ? [...root].filter(([, value]) => holds(value)) : [];
  const named = nested.find(([key]) => key === 'state_dict') ?? (nested.length === 1 ? nested[0] : undefined);
  if (named === undefined) {
    throw new AncError('ANC_CHECKPOINT', 'the checkpoint holds no state dict.', {
      expected: 'a dictionary of tensors, or one with exactly one such dictionary, or "state_dict", in it',
      received:
        root instanceof Map ? `keys ${[...root.keys()].map(String).slice(0, 8).join(', ')}` : 'no dictionary',
    });
  }
  return new Map(tensorsIn(named[1]));
}

const tensorsIn = (value: Value): [string, TensorView][] =>
  value instanceof Map
    ? [...value].filter(
        (pair): pair is [string, TensorView] => typeof pair[0] === 'string' && isKind(pair[1], 'tensor'),
      )
    : [];
