import { AncError, sizeOf, type HostTensor, type Tree } from '@anc/core';
import { withinFilter } from './estimators.js';

const CODES = '/codes';
const LEVELS = '/levels';
const SHAPE = '/shape';

/** Codes per byte: 8 bits, or 5 trits (3⁵ = 243). */
const perByte = (base: number): number => (base === 2 ? 8 : 5);

/** Packs digits into bytes, the first digit lowest. */
function pack(digits: ArrayLike<number>, base: number): Uint8Array {
  const count = perByte(base);
  return Uint8Array.from({ length: Math.ceil(digits.length / count) }, (_, byte) => {
    let value = 0;
    for (let i = count - 1; i >= 0; i--) value = value * base + (digits[byte * count + i] ?? 0);
    return value;
  });
}

function unpack(bytes: ArrayLike<number>, length: number, base: number): Uint8Array {
  const count = perByte(base);
  return Uint8Array.from(
    { length },
    (_, i) => Math.floor(bytes[Math.floor(i / count)]! / base ** (i % count)) % base,
  );
}

/** The number of filters, and the filter of a weight by its row-major index. */
function filterOf(shape: readonly number[]): { count: number; of(index: number): number } {
  const within = new Set(withinFilter(shape));
  const axis = shape.findIndex((_, i) => !within.has(i));
  const stride = sizeOf(shape.slice(axis + 1));
  return { count: shape[axis]!, of: (index) => Math.floor(index / stride) % shape[axis]! };
}

/** The distinct values of each group, ascending. */
function levelsIn(data: ArrayLike<number>, groups: number, groupOf: (index: number) => number): number[][] {
  const found = Array.from({ length: groups }, () => new Set<number>());
  for (let i = 0; i < data.length; i++) found[groupOf(i)]!.add(data[i]! + 0); // -0 is 0
  return found.map((values) => [...values].sort((a, b) => a - b));
}

/**
 * Encodes weights of two or three values (per tensor, or per filter) as codes of 1 or 1.6 bits and a table of the
 * values: `/codes` uint8, `/levels` float32 [groups, 2 or 3], `/shape` int32. Lossless.
 * @throws `ANC_QUANTIZE` if the weights have more than three values.
 */
export function encodeWeights(name: string, { shape, data }: HostTensor): Record<string, HostTensor> {
  const filters = filterOf(shape);
  const whole = levelsIn(data, 1, () => 0);
  const groupOf = whole[0]!.length <= 3 ? (): number => 0 : (index: number): number => filters.of(index);
  const levels = whole[0]!.length <= 3 ? whole : levelsIn(data, filters.count, groupOf);
  const most = Math.max(...levels.map((values) => values.length));
  if (most > 3) {
    throw new AncError('ANC_QUANTIZE', `"${name}" has more than three different values.`, {
      expected: 'at most 3 different values per tensor or per filter',
      received: `${most} in one filter`,
      hint: 'encode the effective weights of a quantized network, not the latent ones.',
    });
  }
  const base = Math.max(2, most);
  const digits = Array.from(data, (value, i) => levels[groupOf(i)]!.indexOf(value + 0));
  const table = levels.flatMap((values) => Array.from({ length: base }, (_, i) => values[i] ?? 0));
  const codes = pack(digits, base);
  return {
    [name + CODES]: { shape: [codes.length], data: codes },
    [name + LEVELS]: { shape: [levels.length, base], data: Float32Array.from(table) },
    [name + SHAPE]: { shape: [shape.length], data: Int32Array.from(shape) },
  };
}

/** Undoes `encodeWeights`. @throws `ANC_QUANTIZE` if a part of the encoding is missing. */
export function decodeWeights(name: string, encoded: Tree<HostTensor>): HostTensor {
  const [codes, levels, sizes] = [encoded[name + CODES], encoded[name + LEVELS], encoded[name + SHAPE]];
  if (codes === undefined || levels === undefined || sizes === undefined) {
    throw new AncError('ANC_QUANTIZE', `the encoding of "${name}" is missing or incomplete.`, {
      expected: [CODES, LEVELS, SHAPE].map((part) => name + part).join(', '),
    });
  }
  const shape = Array.from(sizes.data);
  const [groups, base] = levels.shape as [number, number];
  const filters = filterOf(shape);
  const digits = unpack(codes.data, sizeOf(shape), base);
  const data = Float32Array.from(
    digits,
    (digit, i) => levels.data[(groups === 1 ? 0 : filters.of(i)) * base + digit]!,
  );
  return { shape, data };
}

/** Encodes the named weights and leaves the other entries unchanged. */
export const encodeCompact = (
  params: Tree<HostTensor>,
  names: readonly string[],
): Record<string, HostTensor> =>
  Object.assign(
    {},
    ...Object.entries(params).map(([name, host]) =>
      names.includes(name) ? encodeWeights(name, host) : { [name]: host },
    ),
  ) as Record<string, HostTensor>;

/** Undoes `encodeCompact`. */
export function decodeCompact(encoded: Tree<HostTensor>): Record<string, HostTensor> {
  const names = Object.keys(encoded).flatMap((name) =>
    name.endsWith(CODES) ? [name.slice(0, -CODES.length)] : [],
  );
  const parts = new Set(names.flatMap((name) => [CODES, LEVELS, SHAPE].map((part) => name + part)));
  return {
    ...Object.fromEntries(Object.entries(encoded).filter(([name]) => !parts.has(name))),
    ...Object.fromEntries(names.map((name) => [name, decodeWeights(name, encoded)])),
  };
}

/** Size of the entries in a file in bytes, without names and headers. */
export const storedBytes = (entries: Tree<HostTensor>): number =>
  Object.values(entries).reduce((sum, { data }) => sum + data.byteLength, 0);
