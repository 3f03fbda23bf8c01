/**
 * Normal numbers in bulk, for the initial weights of large networks: Marsaglia's polar method on xoroshiro128+.
 * Blocks of pairs are drawn and rejected first, without a branch that could be mispredicted; then their logarithms
 * are computed. Drawing the same numbers one by one, with the generator's state in an object, takes a quarter longer.
 */

/** State of xoroshiro128+ in pure-rand's order: two 64-bit words, each with its high half first. */
export type XoroshiroState = Int32Array;

const PAIRS = 512; // per block: three arrays of 4 KiB fit into the L1 cache
const x = new Float64Array(PAIRS);
const y = new Float64Array(PAIRS);
const square = new Float64Array(PAIRS);
const words = new Int32Array(square.buffer);
/** Index of a double's high half, which depends on the byte order. */
const HIGH = new Int32Array(new Float64Array([1]).buffer)[0] === 0 ? 1 : 0;

/** Fills `data` with normal numbers of mean zero and advances `state`, the generator's state, in place. */
export function fillWithNormals(data: Float32Array, deviation: number, state: XoroshiroState): void {
  for (let start = 0; start < data.length; start += 2 * PAIRS) {
    const pairs = Math.min(PAIRS, (data.length - start + 1) >> 1);
    drawInsideCircle(pairs, state);
    radiiToFactors(pairs);
    for (let i = 0, at = start; i < pairs; i++, at += 2) {
      const factor = deviation * square[i]!;
      data[at] = x[i]! * factor;
      data[at + 1] = y[i]! * factor; // ignored past the end of an array of odd length
    }
  }
}

/** Draws points in [-1, 1)² until `pairs` of them are inside the unit circle and not at its center. */
function drawInsideCircle(pairs: number, state: XoroshiroState): void {
  let [s01, s00, s11, s10] = state as unknown as [number, number, number, number];
  for (let found = 0; found < pairs;) {
    const dx = ((s00 + s10) | 0) * 2 ** -31;
    let low = s10 ^ s00;
    let high = s11 ^ s01;
    let before = s00;
    s00 = (s00 << 24) ^ (s01 >>> 8) ^ low ^ (low << 16);
    s01 = (s01 << 24) ^ (before >>> 8) ^ high ^ ((high << 16) | (low >>> 16));
    s10 = (high << 5) ^ (low >>> 27);
    s11 = (low << 5) ^ (high >>> 27);

    const dy = ((s00 + s10) | 0) * 2 ** -31;
    low = s10 ^ s00;
    high = s11 ^ s01;
    before = s00;
    s00 = (s00 << 24) ^ (s01 >>> 8) ^ low ^ (low << 16);
    s01 = (s01 << 24) ^ (before >>> 8) ^ high ^ ((high << 16) | (low >>> 16));
    s10 = (high << 5) ^ (low >>> 27);
    s11 = (low << 5) ^ (high >>> 27);

    const distance = dx * dx + dy * dy;
    x[found] = dx;
    y[found] = dy;
    square[found] = distance;
    found += (distance < 1 ? 1 : 0) & (distance > 0 ? 1 : 0);
  }
  state.set([s01, s00, s11, s10]);
}

const POWERS = Float64Array.from({ length: 64 }, (_, i) => 2 ** i); // a square is at least 2^-62
const LN2_HIGH = 0.693147180369123816; // its last 21 bits are zero, so that its multiples are exact
const LN2_LOW = 1.90821492927058770002e-10;

/**
 * `square` becomes √(-2 ln(square) / square).
 *
 * The logarithm is that of Sun's fdlibm, which V8 uses too; computed here, it is the same in every JavaScript engine.
 * With square = m / 2ᵏ, m in [√½, √2), f = m - 1 and s = f / (2 + f): ln m = f - s (f - R), where R is the minimax
 * polynomial of ln((1 + s) / (1 - s)) / s - 2 in s². Its error is about one unit in the last place of a double.
 */
function radiiToFactors(pairs: number): void {
  for (let i = 0; i < pairs; i++) {
    const value = square[i]!;
    const high = words[2 * i + HIGH]!;
    const k = 1023 - (high >> 20) - (((high & 0xfffff) + 0x95f64) >> 20);
    const f = value * POWERS[k]! - 1;
    const s = f / (2 + f);
    const z = s * s;
    const w = z * z;
    const even = w * (0.3999999999940941908 + w * (0.2222219843214978396 + w * 0.1531383769920937332));
    const odd =
      z *
      (0.666666666666673513 +
        w * (0.2857142874366239149 + w * (0.1818357216161805012 + w * 0.1479819860511658591)));
    const minusLog = k * LN2_HIGH + (s * (f - (odd + even)) + k * LN2_LOW - f);
    square[i] = Math.sqrt((2 * minusLog) / value);
  }
}
