import { AncError, sizeOf, type Host } from '@anc/core';
import { unzipSync, type UnzipFileInfo } from 'fflate';
import { ByteReader, damagedCheckpoint } from './pickle-reader.js';
import { resolverFor, isKind, type Value } from './resolver.js';
import { bytesOf, materialise, type StorageType, type TensorView } from './storage.js';
import { unpickle } from './unpickle.js';

/** Starts of the two formats: zip, and the four pickles of PyTorch before 1.6. */
const ZIP = [0x50, 0x4b, 0x03, 0x04];
const LEGACY = [0x80, 0x02, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, 0x2e];
const startsWith = (bytes: Uint8Array, start: readonly number[]): boolean =>
  bytes.length >= start.length && start.every((byte, i) => bytes[i] === byte);

/** Whether the bytes look like a `.pth`, `.pt` or `.th` file. */
export const isTorchCheckpoint = (bytes: Uint8Array): boolean =>
  startsWith(bytes, ZIP) || startsWith(bytes, LEGACY);

/**
 * The tensors of a PyTorch checkpoint (`torch.save` of a state dict, or of a dictionary that holds one).
 *
 * Safe on any file: only tensors and containers are ever built, every other global name is refused by name,
 * and nothing is allocated by a number that was not checked against the file's length.
 * A `module.` in front of all names (DataParallel) is taken off. Throws `ANC_CHECKPOINT`.
 */
export function readTorchCheckpoint(bytes: Uint8Array): Record<string, Host> {
  if (startsWith(bytes, ZIP)) return readZip(bytes);
  if (startsWith(bytes, LEGACY)) return readLegacy(bytes);
  throw damagedCheckpoint(
    'it starts with neither of the two formats of torch.save',
    'save it with torch.save(model.state_dict(), path).',
  );
}

function readLegacy(bytes: Uint8Array): Record<string, Host> {
  const reader = new ByteReader(bytes, LEGACY.length);
  const types = new Map<string, StorageType>();
  const resolver = resolverFor(types);
  unpickle(reader, resolver); // protocol version
  const system = unpickle(reader, resolver);
  if (system instanceof Map && system.get('little_endian') === false) {
    throw damagedCheckpoint('it was written by a big-endian machine');
  }
  const root = unpickle(reader, resolver);
  const keys = unpickle(reader, resolver);
  const data = new Map<string, Uint8Array>();
  for (const key of Array.isArray(keys) ? keys : []) {
    const type = typeof key === 'string' ? types.get(key) : undefined;
    if (type === undefined) throw damagedCheckpoint('it holds a storage of unknown type');
    data.set(key as string, reader.bytes(reader.uint64() * bytesOf(type)));
  }
  return materialiseAll(findTensors(root), bytes.length, (key) => data.get(key));
}

function readZip(bytes: Uint8Array): Record<string, Host> {
  let entries = 0;
  const filter = ({ name, size, originalSize, compression }: UnzipFileInfo): boolean => {
    // A directory entry takes 46 bytes and more: a larger count is a lie.
    if (++entries * 46 > bytes.length)
      throw damagedCheckpoint('its directory lists more files than it can hold');
    if (compression !== 0 || size !== originalSize) throw damagedCheckpoint(`its file ${name} is compressed`);
    return true;
  };
  let files: Record<string, Uint8Array>;
  try {
    files = unzipSync(bytes, { filter });
  } catch (cause) {
    if (cause instanceof AncError) throw cause;
    throw new AncError('ANC_CHECKPOINT', 'not a readable PyTorch checkpoint: its zip archive is damaged.', {
      cause,
    });
  }
  const pickle = Object.keys(files).find((name) => name === 'data.pkl' || name.endsWith('/data.pkl'));
  if (pickle === undefined) throw damagedCheckpoint('its zip archive has no data.pkl');
  const folder = pickle.slice(0, -'data.pkl'.length);
  const order = files[`${folder}byteorder`];
  if (order !== undefined && new TextDecoder().decode(order) !== 'little') {
    throw damagedCheckpoint('it was written by a big-endian machine');
  }
  const root = unpickle(new ByteReader(files[pickle]!), resolverFor(new Map()));
  return materialiseAll(findTensors(root), bytes.length, (key) => files[`${folder}data/${key}`]);
}

/** Elements per byte of the file: tensors may share storages, and bytes become 32-bit integers. */
const SHARING = 4;

function materialiseAll(
  tensors: ReadonlyMap<string, TensorView>,
  fileLength: number,
  dataOf: (key: string) => Uint8Array | undefined,
): Record<string, Host> {
  const elements = [...tensors.values()].reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  if (elements > SHARING * fileLength) throw damagedCheckpoint('its tensors are larger than the file');
  const hosts = [...tensors].map(([name, view]): [string, Host] => {
    const data = dataOf(view.storage.key);
    if (data === undefined) throw damagedCheckpoint(`the storage of "${name}" is missing`);
    return [name, materialise(name, view, data)];
  });
  return Object.fromEntries(withoutModule(hosts));
}

const withoutModule = (pairs: [string, Host][]): [string, Host][] =>
  pairs.every(([name]) => name.startsWith('module.'))
    ? pairs.map(([name, host]) => [name.slice('module.'.length), host])
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
