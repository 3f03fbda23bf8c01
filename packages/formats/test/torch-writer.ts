import { sizeOf } from '@anc/core';
import { strToU8, zipSync } from 'fflate';

/** A tensor to write into a file. */
export interface WrittenTensor {
  readonly shape: readonly number[];
  readonly type?: string;
  readonly data: ArrayBufferView & { readonly length: number };
  readonly strides?: readonly number[];
  readonly offset?: number;
}

const bytes = (...values: readonly number[]): Uint8Array => Uint8Array.from(values);
const join = (parts: readonly Uint8Array[]): Uint8Array =>
  Uint8Array.from(parts.flatMap((part) => [...part]));
const uint32 = (n: number): Uint8Array => new Uint8Array(Uint32Array.of(n).buffer);
const uint64 = (n: number): Uint8Array => new Uint8Array(BigUint64Array.of(BigInt(n)).buffer);
const raw = (view: ArrayBufferView): Uint8Array =>
  new Uint8Array(view.buffer, view.byteOffset, view.byteLength);

const PROTO = bytes(0x80, 2);
const STOP = bytes(0x2e);
export const pickle = (...parts: Uint8Array[]): Uint8Array => join([PROTO, ...parts, STOP]);
export const text = (value: string): Uint8Array => {
  const encoded = new TextEncoder().encode(value);
  return join([bytes(0x58), uint32(encoded.length), encoded]);
};
export const int = (n: number): Uint8Array => join([bytes(0x4a), uint32(n)]);
export const global = (module: string, name: string): Uint8Array =>
  new TextEncoder().encode(`c${module}\n${name}\n`);
export const tuple = (...items: Uint8Array[]): Uint8Array => join([bytes(0x28), ...items, bytes(0x74)]);
export const list = (...items: Uint8Array[]): Uint8Array =>
  join([bytes(0x5d), bytes(0x28), ...items, bytes(0x65)]);
export const call = (callee: Uint8Array, args: Uint8Array): Uint8Array => join([callee, args, bytes(0x52)]);
export const dictionary = (...pairs: [Uint8Array, Uint8Array][]): Uint8Array =>
  join([bytes(0x7d), bytes(0x28), ...pairs.flat(), bytes(0x75)]);
/** An OrderedDict with `_metadata`, as `state_dict()` returns it. */
export const ordered = (...pairs: [Uint8Array, Uint8Array][]): Uint8Array =>
  join([
    call(global('collections', 'OrderedDict'), tuple()),
    bytes(0x28),
    ...pairs.flat(),
    bytes(0x75),
    dictionary([text('_metadata'), dictionary()]),
    bytes(0x62),
  ]);

export function tensor(key: string, written: WrittenTensor): Uint8Array {
  const { shape, type = 'FloatStorage', data, offset = 0 } = written;
  const strides = written.strides ?? shape.map((_, axis) => sizeOf(shape.slice(axis + 1)));
  const id = tuple(text('storage'), global('torch', type), text(key), text('cpu'), int(data.length));
  const storage = join([id, bytes(0x51)]);
  const hooks = call(global('collections', 'OrderedDict'), tuple());
  const args = [
    storage,
    int(offset),
    tuple(...shape.map(int)),
    tuple(...strides.map(int)),
    bytes(0x89),
    hooks,
  ];
  return call(global('torch._utils', '_rebuild_tensor_v2'), tuple(...args));
}

const stateDict = (tensors: Readonly<Record<string, WrittenTensor>>): Uint8Array =>
  ordered(
    ...Object.entries(tensors).map(([name, t], i): [Uint8Array, Uint8Array] => [
      text(name),
      tensor(`${i}`, t),
    ]),
  );

/** `torch.save(state_dict, path)` since PyTorch 1.6. */
export function zipFile(
  tensors: Readonly<Record<string, WrittenTensor>>,
  root: Uint8Array = pickle(stateDict(tensors)),
): Uint8Array {
  const data = Object.values(tensors).map((t, i) => [`archive/data/${i}`, raw(t.data)] as const);
  const files = {
    'archive/data.pkl': root,
    'archive/byteorder': strToU8('little'),
    ...Object.fromEntries(data),
  };
  return zipSync(files, { level: 0 });
}

/** A file from before PyTorch 1.6: the checkpoint of a training script, with the state dict inside. */
export function legacyFile(tensors: Readonly<Record<string, WrittenTensor>>): Uint8Array {
  const magic = bytes(0x80, 2, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, 0x2e);
  const system = pickle(dictionary([text('little_endian'), bytes(0x88)]));
  const momentum: WrittenTensor = { shape: [2], data: Float32Array.of(8, 9) };
  const count = Object.keys(tensors).length;
  const root = dictionary(
    [text('epoch'), int(3)],
    [text('best_prec1'), join([bytes(0x47), new Uint8Array(8)])],
    [text('optimizer'), dictionary([text('momentum'), tensor(`${count}`, momentum)])],
    [text('state_dict'), stateDict(tensors)],
  );
  const all = [...Object.values(tensors), momentum];
  const keys = pickle(list(...all.map((_, i) => text(`${i}`))));
  const storages = all.flatMap(({ data }) => [uint64(data.length), raw(data)]);
  return join([magic, pickle(int(1001)), system, pickle(root), keys, ...storages]);
}
