import { AncError, sizeOf } from '@anc/core';
import { ByteReader } from '../bytes/byte-reader.js';
import { startsWith, type ByteSource } from '../bytes/byte-source.js';
import type { LazyTensor } from '../bytes/lazy-tensor.js';
import { unpickle } from '../pickle/unpickle.js';
import { ZIP_START, zipEntries } from '../zip/zip-directory.js';
import { damagedCheckpoint } from './damaged-checkpoint.js';
import { checkpointPolicy, isKind, type Value } from './policy.js';
import { bytesOf, lazyTensorIn, type StorageBytes, type StorageType, type TensorView } from './storage.js';

/** The start of a file from PyTorch before 1.6: four pickles, the first of which is a magic number. */
const LEGACY = [0x80, 0x02, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, 0x2e];

/** Whether the bytes look like a `.pth`, `.pt` or `.th` file. */
export const isTorchCheckpoint = (source: ByteSource): boolean =>
  startsWith(source, ZIP_START) || startsWith(source, LEGACY);

/**
 * The tensors of a PyTorch checkpoint (`torch.save` of a state dict, or of a dictionary that holds one), loaded lazily.
 * A prefix `module.` of all names (DataParallel) is removed.
 *
 * Safe on any file: only tensors and containers are ever built, any other global name is refused, and no size from the
 * file is used for an allocation before it was checked against the file's length.
 * @throws `ANC_CHECKPOINT`
 */
export function readTorchCheckpoint(source: ByteSource): Record<string, LazyTensor> {
  if (startsWith(source, ZIP_START)) return readZip(source);
  if (startsWith(source, LEGACY)) return readLegacy(source);
  throw damagedCheckpoint(
    'it starts with neither of the two formats of torch.save',
    'save it with torch.save(model.state_dict(), path).',
  );
}

function readLegacy(source: ByteSource): Record<string, LazyTensor> {
  const reader = new ByteReader(source, damagedCheckpoint, LEGACY.length);
  const types = new Map<string, StorageType>();
  const policy = checkpointPolicy(types);
  unpickle(reader, policy); // protocol version
  const system = unpickle(reader, policy);
  if (system instanceof Map && system.get('little_endian') === false) {
    throw damagedCheckpoint('it was written by a big-endian machine');
  }
  const root = unpickle(reader, policy);
  const keys = unpickle(reader, policy);
  const storages = new Map<string, StorageBytes>();
  for (const key of Array.isArray(keys) ? keys : []) {
    const type = typeof key === 'string' ? types.get(key) : undefined;
    if (type === undefined) throw damagedCheckpoint('it holds a storage of unknown type');
    const size = reader.uint64() * bytesOf(type);
    const start = reader.position;
    reader.skip(size);
    storages.set(key as string, {
      size,
      read: (begin, end, reuse) => source.read(start + begin, start + end, reuse),
    });
  }
  return lazyTensors(findTensors(root), source.length, (key) => storages.get(key));
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
  const root = unpickle(
    new ByteReader({ length: size, read }, damagedCheckpoint),
    checkpointPolicy(new Map()),
  );
  return lazyTensors(findTensors(root), source.length, (key) => files.get(`${folder}data/${key}`));
}

/** Limit for the elements of all tensors, per byte of the file: tensors may share storages. */
const SHARING = 4;

function lazyTensors(
  tensors: ReadonlyMap<string, TensorView>,
  fileLength: number,
  storageOf: (key: string) => StorageBytes | undefined,
): Record<string, LazyTensor> {
  const elements = [...tensors.values()].reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  if (elements > SHARING * fileLength) throw damagedCheckpoint('its tensors are larger than the file');
  const pairs = [...tensors].map(([name, view]): [string, LazyTensor] => {
    const storage = storageOf(view.storage.key);
    if (storage === undefined) throw damagedCheckpoint(`the storage of "${name}" is missing`);
    return [name, lazyTensorIn(name, view, storage)];
  });
  return Object.fromEntries(withoutModule(pairs));
}

const withoutModule = (pairs: [string, LazyTensor][]): [string, LazyTensor][] =>
  pairs.every(([name]) => name.startsWith('module.'))
    ? pairs.map(([name, tensor]) => [name.slice('module.'.length), tensor])
    : pairs;

/** The tensors of the root dictionary, or of the only dictionary in it that holds any. */
function findTensors(root: Value): Map<string, TensorView> {
  const own = tensorsIn(root);
  if (own.length > 0) return new Map(own);
  const holding = new Map<Value, boolean>(); // many keys may refer to the same dictionary
  const holds = (value: Value): boolean => {
    const known = holding.get(value) ?? tensorsIn(value).length > 0;
    holding.set(value, known);
    return known;
  };
  const nested = root instanceof Map ? [...root].filter(([, value]) => holds(value)) : [];
  const named = nested.find(([key]) => key === 'state_dict') ?? (nested.length === 1 ? nested[0] : undefined);
  if (named === undefined) {
    throw new AncError('ANC_CHECKPOINT', 'the checkpoint holds no state dict.', {
      expected: 'a dictionary of tensors, or one that holds a single such dictionary or "state_dict"',
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
