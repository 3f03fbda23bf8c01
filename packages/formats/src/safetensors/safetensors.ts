import {
  AncError,
  mapTree,
  namesOf,
  sizeOf,
  type DType,
  type HostTensor,
  type LeafSpec,
  type Tree,
} from '@anc/core';
import { inMemory, ReusableBuffer, type ByteSource } from '../bytes/byte-source.js';
import { bfloat16Table, float16Table } from '../bytes/float16.js';
import { loadTree, toLazyTensor, type LazyTensor } from '../bytes/lazy-tensor.js';
import { parseJson } from '../json/parse-json.js';

/** The content of a safetensors file. */
export interface Safetensors<T = HostTensor> {
  /** Tensors by name. */
  readonly tensors: Tree<T>;
  /** The file's metadata: text by name. */
  readonly metadata: Tree<string>;
}

const METADATA = '__metadata__';
/** The format's own limit, which also bounds the allocation for a damaged length. */
const HEADER_LIMIT = 100_000_000;

const BYTES = { F32: 4, I32: 4, U8: 1 } as const;
type Code = keyof typeof BYTES;
const DTYPES = { F32: 'float32', I32: 'int32', U8: 'uint8' } as const satisfies Record<Code, DType>;
const CODES = { float32: 'F32', int32: 'I32', uint8: 'U8' } as const satisfies Record<DType, Code>;

type Read = (view: DataView, at: number) => number;

/** Element types that are read but not written: what they become, and how one element is read. */
const CONVERTED: Readonly<
  Record<string, { readonly bytes: number; readonly to: Code; readonly read: Read }>
> = {
  F64: { bytes: 8, to: 'F32', read: (view, at) => view.getFloat64(at, true) },
  F16: { bytes: 2, to: 'F32', read: (view, at) => float16Table()[view.getUint16(at, true)]! },
  BF16: { bytes: 2, to: 'F32', read: (view, at) => bfloat16Table()[view.getUint16(at, true)]! },
  I64: { bytes: 8, to: 'I32', read: (view, at) => Number(view.getBigInt64(at, true)) },
  I16: { bytes: 2, to: 'I32', read: (view, at) => view.getInt16(at, true) },
  I8: { bytes: 1, to: 'I32', read: (view, at) => view.getInt8(at) },
  BOOL: { bytes: 1, to: 'U8', read: (view, at) => view.getUint8(at) },
};

const sizeOfCode = (code: string): number | undefined =>
  (BYTES as Readonly<Record<string, number>>)[code] ?? CONVERTED[code]?.bytes;

/** The padded header of a file with these tensors, and their names in the order of their data. */
function headerOf(
  tensors: Tree<LeafSpec>,
  metadata: Tree<string>,
): { readonly header: Uint8Array; readonly names: readonly string[]; readonly length: number } {
  const bytesOf = (name: string): number => BYTES[CODES[tensors[name]!.dtype]];
  const names = namesOf(tensors).sort((a, b) => bytesOf(b) - bytesOf(a));
  const entries: [string, unknown][] = [];
  if (Object.keys(metadata).length > 0) {
    entries.push([METADATA, Object.fromEntries(namesOf(metadata).map((name) => [name, metadata[name]]))]);
  }
  let end = 0;
  for (const name of names) {
    if (name === METADATA) throw new AncError('ANC_SAFETENSORS', `a tensor may not be named "${METADATA}".`);
    const { shape, dtype } = tensors[name]!;
    const begin = end;
    end += sizeOf(shape) * bytesOf(name);
    entries.push([name, { dtype: CODES[dtype], shape, data_offsets: [begin, end] }]);
  }
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(entries)));
  const jsonLength = Math.ceil(json.length / 8) * 8; // padded with spaces, as the reference writer does
  const header = new Uint8Array(8 + jsonLength).fill(0x20);
  new DataView(header.buffer).setBigUint64(0, BigInt(jsonLength), true);
  header.set(json, 8);
  return { header, names, length: header.length + end };
}

/**
 * A safetensors file in pieces, with each tensor loaded when its turn comes: u64 header length and JSON header, then
 * the data (little endian).
 *
 * The same tensors and metadata give the same bytes: wide element types first, so that everything is aligned, then
 * names in code-unit order. A piece is valid until the second one after it is requested, which reuses its memory.
 * @throws `ANC_SAFETENSORS` if data and shape of a tensor disagree
 */
export function* safetensorsPieces(
  tensors: Tree<LazyTensor>,
  metadata: Tree<string> = {},
): Generator<Uint8Array> {
  const { header, names } = headerOf(tensors, metadata);
  yield header;
  const buffers = [new ReusableBuffer(), new ReusableBuffer()] as const; // one is written while the other is filled
  for (const [i, name] of names.entries()) yield bytesIn(name, tensors[name]!.load(buffers[i % 2]));
}

/**
 * The bytes of a safetensors file.
 * @throws `ANC_SAFETENSORS` if data and shape of a tensor disagree
 */
export function encodeSafetensors(tensors: Tree<HostTensor>, metadata: Tree<string> = {}): Uint8Array {
  const lazy = mapTree(tensors, toLazyTensor);
  const bytes = new Uint8Array(headerOf(lazy, metadata).length);
  let at = 0;
  for (const piece of safetensorsPieces(lazy, metadata)) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

function bytesIn(name: string, { shape, data }: HostTensor): Uint8Array {
  if (data.length !== sizeOf(shape)) {
    throw new AncError('ANC_SAFETENSORS', `tensor "${name}": data and shape disagree.`, {
      expected: `${sizeOf(shape)} elements for [${shape.join(', ')}]`,
      received: `${data.length} elements`,
    });
  }
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

/**
 * Reads a safetensors file. Strict: the tensors must cover the data exactly, without holes or overlaps.
 *
 * F64, F16 and BF16 become float32, I64, I16 and I8 int32, BOOL bytes. No number from the file is used for an
 * allocation before it was checked against the file's length.
 * @throws `ANC_SAFETENSORS` if the file is cut short or damaged, has another element type, or an integer exceeds int32
 */
export function decodeSafetensors(bytes: Uint8Array): Safetensors {
  const { tensors, metadata } = openSafetensors(inMemory(bytes));
  return { tensors: loadTree(tensors), metadata };
}

/** Like `decodeSafetensors`, with lazily loaded tensors. */
export function openSafetensors(source: ByteSource): Safetensors<LazyTensor> {
  const { header, start } = readHeader(source);
  const { [METADATA]: rawMetadata, ...rest } = header;
  const entries = Object.entries(rest).map(([name, value]) => ({ name, ...readEntry(name, value) }));
  entries.sort((a, b) => a.begin - b.begin || a.end - b.end);
  let at = 0;
  for (const { name, begin, end } of entries) {
    if (begin !== at) throw damaged(`tensor "${name}" starts at byte ${begin}, not at ${at}`);
    at = end;
  }
  if (start + at !== source.length)
    throw damaged(`the header describes ${at} bytes of data, the file has ${source.length - start}`);
  const tensors = entries.map(({ name, code, shape, begin, end }): [string, LazyTensor] => {
    const load = (): HostTensor => ({
      shape,
      data: decoded(name, code, source.read(start + begin, start + end)),
    });
    return [name, { shape, dtype: DTYPES[CONVERTED[code]?.to ?? (code as Code)], load }];
  });
  return { tensors: Object.fromEntries(tensors), metadata: readMetadata(rawMetadata) };
}

function decoded(name: string, code: string, bytes: Uint8Array<ArrayBuffer>): HostTensor['data'] {
  if (code === 'F32') return new Float32Array(bytes.buffer);
  if (code === 'I32') return new Int32Array(bytes.buffer);
  return code === 'U8' ? bytes : converted(name, code, bytes);
}

function converted(name: string, code: string, bytes: Uint8Array): HostTensor['data'] {
  const { bytes: size, to, read } = CONVERTED[code]!;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const count = bytes.length / size;
  const output =
    to === 'F32' ? new Float32Array(count) : to === 'I32' ? new Int32Array(count) : new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    const value = read(view, i * size);
    if (to === 'I32' && (value | 0) !== value) {
      throw new AncError(
        'ANC_SAFETENSORS',
        `tensor "${name}" holds ${value}, which is not a 32-bit integer.`,
      );
    }
    output[i] = value;
  }
  return output;
}

function readHeader(source: ByteSource): { header: Record<string, unknown>; start: number } {
  if (source.length < 8) throw damaged(`${source.length} bytes are too few for a header`);
  const length = new DataView(source.read(0, 8).buffer).getBigUint64(0, true);
  if (length > BigInt(Math.min(HEADER_LIMIT, source.length - 8))) {
    throw damaged(`its header claims ${length} bytes, the file has ${source.length}`);
  }
  const start = 8 + Number(length);
  let header: unknown;
  try {
    header = parseJson(new TextDecoder('utf-8', { fatal: true }).decode(source.read(8, start)));
  } catch (cause) {
    throw damaged('its header is not JSON', cause);
  }
  if (!isRecord(header)) throw damaged('its header is not an object');
  return { header, start };
}

function readEntry(
  name: string,
  value: unknown,
): { code: string; shape: number[]; begin: number; end: number } {
  if (!isRecord(value)) throw damaged(`the entry of "${name}" is not an object`);
  const { dtype, shape, data_offsets: offsets } = value;
  const bytes = typeof dtype === 'string' ? sizeOfCode(dtype) : undefined;
  if (typeof dtype !== 'string' || bytes === undefined) {
    throw new AncError('ANC_SAFETENSORS', `tensor "${name}" has an element type that is not supported.`, {
      expected: [...Object.keys(BYTES), ...Object.keys(CONVERTED)].join(', '),
      received: String(dtype),
    });
  }
  const code = dtype;
  if (!isCounts(shape)) throw damaged(`the shape of "${name}" is not a list of sizes`);
  if (!isCounts(offsets) || offsets.length !== 2)
    throw damaged(`the offsets of "${name}" are not two numbers`);
  const [begin, end] = offsets as [number, number];
  if (end - begin !== sizeOf(shape) * bytes) {
    throw damaged(`"${name}" [${shape.join(', ')}] of ${code} does not take ${end - begin} bytes`);
  }
  return { code, shape, begin, end };
}

function readMetadata(value: unknown): Record<string, string> {
  if (value === undefined) return {};
  if (!isRecord(value)) throw damaged('its metadata is not an object');
  for (const [key, text] of Object.entries(value)) {
    if (typeof text !== 'string') throw damaged(`its metadata "${key}" is not a string`);
  }
  return value as Record<string, string>;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isCounts = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every((n) => Number.isSafeInteger(n) && n >= 0);

const damaged = (why: string, cause?: unknown): AncError =>
  new AncError('ANC_SAFETENSORS', `not a whole safetensors file: ${why}.`, {
    ...(cause === undefined ? {} : { cause }),
  });
