import { AncError } from '@anc/core';
import { ByteReader } from '../bytes/byte-reader.js';
import { startsWith, type ByteSource } from '../bytes/byte-source.js';
import { elementCount } from '../bytes/element-count.js';
import type { LazyTensor } from '../bytes/lazy-tensor.js';
import { unpickle } from '../pickle/unpickle.js';
import { ZIP_START, zipEntries } from '../zip/zip-directory.js';
import { choosePart } from '../parts/choose-part.js';
import { rankOf } from '../parts/part.js';
import { damagedCheckpoint } from './damaged-checkpoint.js';
import { findParts, type Found } from './find-parts.js';
import { checkpointPolicy, isKind, type Value } from './policy.js';
import { lazyTensorIn, spanOf, type StorageBytes } from './storage.js';

/** The start of a file from PyTorch before 1.6: four pickles, the first of which is a magic number. */
const LEGACY = [0x80, 0x02, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, 0x2e];

/** Whether the bytes look like a `.pth`, `.pt` or `.th` file. */
export const isTorchCheckpoint = (source: ByteSource): boolean =>
  startsWith(source, ZIP_START) || startsWith(source, LEGACY);

/** The tensors that were chosen, and what a person should know of the choice. */
export interface TorchCheckpoint {
  /** Tensors by name; each is read when its values are needed. */
  readonly tensors: Record<string, LazyTensor>;
  /** Sentences about the choice. */
  readonly notices: readonly string[];
}

/**
 * The tensors of a PyTorch checkpoint (`torch.save` of a state dict, or of a dictionary that holds one), loaded lazily.
 * Values that training scripts save beside the state dict are left out, and what `torch.compile`, DataParallel and
 * AveragedModel add to names is removed.
 *
 * Safe on any file: only tensors and containers are ever built, names of functions that run commands are refused, and no
 * size from the file is used for an allocation before it was checked against the file's length.
 * @param wanted which state dict, where the file holds several: the name of a dictionary or prefix
 * @throws `ANC_CHECKPOINT` if the file is no checkpoint, `ANC_WEIGHTS` if it holds several networks and none is wanted
 */
export function openTorchCheckpoint(source: ByteSource, wanted?: string): TorchCheckpoint {
  if (startsWith(source, ZIP_START)) return readZip(source, wanted);
  if (startsWith(source, LEGACY)) return readLegacy(source, wanted);
  throw damagedCheckpoint(
    'it starts with neither of the two formats of torch.save',
    'save it with torch.save(model.state_dict(), path).',
  );
}

function readLegacy(source: ByteSource, wanted: string | undefined): TorchCheckpoint {
  const reader = new ByteReader(source, damagedCheckpoint, LEGACY.length);
  const sizes = new Map<string, number>();
  const policy = checkpointPolicy(sizes);
  unpickle(reader, policy); // protocol version
  const system = unpickle(reader, policy);
  if (system instanceof Map && system.get('little_endian') === false) {
    throw damagedCheckpoint('it was written by a big-endian machine');
  }
  const root = unpickle(reader, policy);
  const keys = unpickle(reader, policy);
  const storages = new Map<string, StorageBytes>();
  for (const key of Array.isArray(keys) ? keys : []) {
    const bytesEach = typeof key === 'string' ? sizes.get(key) : undefined;
    if (bytesEach === undefined) throw damagedCheckpoint('it holds a storage of unknown type');
    const size = reader.uint64() * bytesEach;
    const start = reader.position;
    reader.skip(size);
    storages.set(key as string, {
      size,
      read: (begin, end, reuse) => source.read(start + begin, start + end, reuse),
    });
  }
  return chosen(root, source.length, (key) => storages.get(key), wanted);
}

function readZip(source: ByteSource, wanted: string | undefined): TorchCheckpoint {
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
  return chosen(root, source.length, (key) => files.get(`${folder}data/${key}`), wanted);
}

/**
 * Limit for the elements of all tensors, and for those between the first and the last of each, per byte of the file:
 * tensors may share storages.
 */
const SHARING = 4;

function chosen(
  root: Value,
  fileLength: number,
  storageOf: (key: string) => StorageBytes | undefined,
  wanted: string | undefined,
): TorchCheckpoint {
  const { parts, modules, unread } = findParts(root);
  const choice = choosePart(parts, wanted);
  if (modules.length > 0 && (choice === null || rankOf(choice.part) < 2)) throw wholeModule(modules);
  if (choice === null) throw noStateDict(root);
  const { part } = choice;
  const notices = [...choice.notices, ...(wanted === undefined ? modules.map(unusedModule) : [])];
  const missing = unread.find(({ name }) => part.name === '' || name.startsWith(`${part.name}.`));
  if (missing !== undefined) throw unreadTensor(missing);
  let elements = 0;
  let spanned = 0;
  for (const view of part.tensors.values()) {
    elements += elementCount(view.shape);
    spanned += spanOf(view);
  }
  if (!(Math.max(elements, spanned) <= SHARING * fileLength))
    throw damagedCheckpoint('its tensors are larger than the file');
  const pairs = [...part.tensors].map(([name, view]): [string, LazyTensor] => {
    const storage = storageOf(view.storage.key);
    if (storage === undefined) throw damagedCheckpoint(`the storage of "${name}" is missing`);
    return [name, lazyTensorIn(name, view, storage)];
  });
  return { tensors: Object.fromEntries(pairs), notices };
}

const unreadTensor = ({ name, type }: { readonly name: string; readonly type: string }): AncError =>
  new AncError(
    'ANC_CHECKPOINT',
    `the checkpoint's tensor "${name}" has elements of a type that is not read.`,
    {
      expected: 'floating-point numbers of 16, 32 or 64 bits, or integers',
      received: type,
      hint: 'convert the network first, e.g. model.float(), and save its state dict.',
    },
  );

const unusedModule = ({ path, className }: Found['modules'][number]): string =>
  `beside the state dict the file holds a whole module (${className}) under "${path}", which is not read.`;

const wholeModule = (modules: Found['modules']): AncError =>
  new AncError('ANC_CHECKPOINT', 'the checkpoint holds a whole module, not its state dict.', {
    expected: 'a dictionary of tensors, or one that holds such a dictionary',
    received: modules
      .slice(0, 3)
      .map(({ path, className }) => (path === '' ? className : `${className} under "${path}"`))
      .join(', '),
    hint:
      'reading it would need its code. Where the code is installed, save the state dict in Python: ' +
      'm = torch.load(path, weights_only=False)' +
      `${modules[0]!.path === '' ? '' : `["${modules[0]!.path}"]`}; torch.save(m.state_dict(), "weights.pth").`,
  });

function noStateDict(root: Value): AncError {
  const entries = root instanceof Map ? [...root].slice(0, 4) : [];
  const shown = entries.map(
    ([key, value]) => `${shownKey(key)}${isKind(value, 'object') ? ` (${value.name})` : ''}`,
  );
  const received =
    shown.length > 0
      ? `keys ${shown.join(', ')}`
      : isKind(root, 'object')
        ? `an object of ${root.name}`
        : root instanceof Map
          ? 'an empty dictionary'
          : 'no dictionary';
  return new AncError('ANC_CHECKPOINT', 'the checkpoint holds no state dict.', {
    expected: 'a dictionary of tensors, or one that holds such a dictionary, e.g. under "state_dict"',
    received,
    hint: 'save it with torch.save(model.state_dict(), path).',
  });
}

const LONGEST_KEY = 80;

/** A key for people. Nothing is printed of tuples: what they share may be large beyond measure. */
function shownKey(key: Value): string {
  if (typeof key === 'string') return key.length > LONGEST_KEY ? `${key.slice(0, LONGEST_KEY)}…` : key;
  return typeof key === 'object' && key !== null ? 'an object' : String(key);
}
