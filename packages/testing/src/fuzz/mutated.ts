/** Uniform numbers below 1 from a seed (mulberry32): the same on every machine. */
function uniform(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Values at which readers go wrong: ends of ranges, and what lies beside them. */
const EXTREMES = [0n, 1n, 2n, 127n, 128n, 255n, 2n ** 15n - 1n, 2n ** 16n - 1n, 2n ** 24n, 2n ** 31n - 1n, 2n ** 32n - 1n, 2n ** 40n, 2n ** 53n, 2n ** 63n - 1n, 2n ** 64n - 1n]; // prettier-ignore
const WORDS = ['-1', '0', '1e308', '9007199254740993', '18446744073709551615', 'null', '__proto__', '[', '{', '"', '*a', '&a']; // prettier-ignore
const WORD = /[A-Za-z_]+|-?\d+|[[\]{}"':,*&]/g;
/** Bytes by which a file may grow. */
const GROWTH = 1 << 14;

type Change = (bytes: Buffer, below: (n: number) => number) => Buffer;

/** A length, count or offset: an integer of some width and byte order, at an even place more often than at an odd one. */
const integer: Change = (bytes, below) => {
  const width = [1, 2, 4, 8][below(4)]!;
  const at = below(3) === 0 ? below(bytes.length) : below(Math.ceil(bytes.length / width)) * width;
  if (at + width > bytes.length) return bytes;
  const old = bytes.subarray(at, at + width);
  const little = below(2) === 0;
  const digits = (big: Buffer): bigint => BigInt(`0x${big.toString('hex') || '0'}`);
  const now = digits(little ? Buffer.from(old).reverse() : Buffer.from(old));
  const choices = [EXTREMES[below(EXTREMES.length)]!, BigInt(bytes.length + below(3) - 1), BigInt(below(bytes.length)), now + 1n, now - 1n, 2n * now, BigInt(at)]; // prettier-ignore
  const value = BigInt.asUintN(8 * width, choices[below(choices.length)]!);
  const written = Buffer.from(value.toString(16).padStart(2 * width, '0'), 'hex');
  bytes.set(little ? written.reverse() : written, at);
  return bytes;
};

/** The same bytes at another place: an address or a name that now refers to something else, or to itself. */
const copy: Change = (bytes, below) => {
  const length = [1, 4, 8, 8, 16, 64][below(6)]!;
  const unit = below(2) === 0 ? 1 : Math.min(8, length);
  const place = (): number => below(Math.max(1, Math.floor((bytes.length - length) / unit))) * unit;
  const from = place();
  bytes.copyWithin(place(), from, from + length);
  return bytes;
};

const bits: Change = (bytes, below) => {
  for (let i = below(8); i >= 0; i--) bytes[below(bytes.length)] = below(256);
  return bytes;
};

const cut: Change = (bytes, below) => {
  const at = below(bytes.length);
  if (below(2) === 0) return Buffer.from(bytes.subarray(0, at));
  return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + below(64))]);
};

/** A part of it many times: deep nesting, long lists. */
const repeat: Change = (bytes, below) => {
  const at = below(bytes.length);
  const part = bytes.subarray(at, at + 1 + below(24));
  const times = Math.min(2 ** below(13), Math.floor(GROWTH / part.length));
  const many = Array.from({ length: times }, () => part);
  return Buffer.concat([bytes.subarray(0, at), ...many, bytes.subarray(at)]);
};

/** A word of a text or a name among bytes, replaced by another one, by an extreme number or by a bracket. */
const word: Change = (bytes, below) => {
  const text = bytes.toString('latin1');
  const words = [...text.matchAll(WORD)];
  if (words.length === 0) return bytes;
  const old = words[below(words.length)]!;
  const same = words.filter(([other]) => other.length === old[0].length);
  const pool = below(2) === 0 ? same : words;
  const other = below(3) === 0 ? WORDS[below(WORDS.length)]! : pool[below(pool.length)]![0];
  return Buffer.from(text.slice(0, old.index) + other + text.slice(old.index + old[0].length), 'latin1');
};

const CHANGES: readonly Change[] = [integer, integer, integer, copy, copy, bits, cut, repeat, word, word];

/**
 * A file with one to four changes that suit the structure of files: integers become extreme or point elsewhere, parts are
 * copied over others, repeated or cut out, words are exchanged. The same seed gives the same file.
 */
export function mutated(file: Uint8Array, seed: number): Uint8Array {
  const next = uniform(seed);
  const below = (n: number): number => Math.floor(next() * Math.max(1, n));
  let bytes = Buffer.from(file);
  for (let changes = 1 + below(4); changes > 0 && bytes.length > 0; changes--) {
    bytes = Buffer.from(CHANGES[below(CHANGES.length)]!(bytes, below));
    if (bytes.length > file.length + GROWTH) bytes = bytes.subarray(0, file.length + GROWTH);
  }
  return new Uint8Array(bytes);
}
