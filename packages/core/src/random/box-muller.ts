import type { XoroshiroState } from './normals.js';

const SCALE_26 = 2 ** -26;
const SCALE_53 = 2 ** -53;
const MASK_26 = 2 ** 26 - 1;
const MASK_27 = 2 ** 27 - 1;
const PAIRS = 512;
const words = new Int32Array(4 * PAIRS);

/**
 * Fills `data` from `start` on with pairs of standard normal numbers (Box–Muller) and advances `state` in place.
 *
 * The numbers are those of two uniform numbers of pure-rand per pair, drawn one by one, at a fraction of the time: the
 * state of the generator stays in registers.
 *
 * @returns the second half of the last pair where it is past the end of `data`, else null
 */
export function fillWithPairs(data: Float64Array, start: number, state: XoroshiroState): number | null {
  for (let from = start; from < data.length; from += 2 * PAIRS) {
    const pairs = Math.min(PAIRS, (data.length - from + 1) >> 1);
    drawWords(4 * pairs, state);
    for (let i = 0, at = from; i < pairs; i++, at += 2) {
      const radius = Math.sqrt(-2 * Math.log(1 - uniform(4 * i)));
      const angle = 2 * Math.PI * uniform(4 * i + 2);
      data[at] = radius * Math.cos(angle);
      if (at + 1 === data.length) return radius * Math.sin(angle);
      data[at + 1] = radius * Math.sin(angle);
    }
  }
  return null;
}

/** A double in [0, 1) of two words, as pure-rand makes it. */
const uniform = (at: number): number =>
  (words[at]! & MASK_26) * SCALE_26 + (words[at + 1]! & MASK_27) * SCALE_53;

/** The generator's next `count` words. */
function drawWords(count: number, state: XoroshiroState): void {
  let [s01, s00, s11, s10] = state as unknown as [number, number, number, number];
  for (let i = 0; i < count; i++) {
    words[i] = s00 + s10;
    const low = s10 ^ s00;
    const high = s11 ^ s01;
    const before = s00;
    s00 = (s00 << 24) ^ (s01 >>> 8) ^ low ^ (low << 16);
    s01 = (s01 << 24) ^ (before >>> 8) ^ high ^ ((high << 16) | (low >>> 16));
    s10 = (high << 5) ^ (low >>> 27);
    s11 = (low << 5) ^ (high >>> 27);
  }
  state.set([s01, s00, s11, s10]);
}
