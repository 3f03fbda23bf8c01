import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus';
import type { RandomGenerator } from 'pure-rand/types/RandomGenerator';
import { fillWithPairs } from './box-muller.js';
import { fillWithNormals } from './normals.js';

/** Four 32-bit words from a key: two rounds of multiply-xorshift per word, well mixed for short keys. */
function hashKey(key: string): [number, number, number, number] {
  let [a, b, c, d] = [0x9e3779b9, 0x243f6a88, 0xb7e15162, 0x6a09e667];
  for (let i = 0; i < key.length; i++) {
    const code = key.charCodeAt(i);
    a = b ^ Math.imul(a ^ code, 0x85ebca6b);
    b = c ^ Math.imul(b ^ code, 0xc2b2ae35);
    c = d ^ Math.imul(c ^ code, 0x27d4eb2f);
    d = a ^ Math.imul(d ^ code, 0x165667b1);
  }
  const mix = (x: number): number => {
    x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
    x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
    return (x ^ (x >>> 16)) | 0;
  };
  const words: [number, number, number, number] = [
    mix(a ^ c),
    mix(b ^ d),
    mix(c + d),
    mix(d ^ Math.imul(a, 5)),
  ];
  return words.every((word) => word === 0) ? [1, 0, 0, 0] : words; // all-zero is the generator's fixed point
}

/**
 * A seeded stream of random numbers that splits by name.
 *
 * A split depends on its path of names alone, not on how many numbers were drawn before, so adding a layer or another
 * consumer does not change the numbers of the others.
 *
 * Generator: xoroshiro128+ (Blackman & Vigna 2018), from pure-rand.
 */
export class Rng {
  readonly #key: string;
  #generator: RandomGenerator;
  #spare: number | null = null;

  protected constructor(key: string) {
    this.#key = key;
    this.#generator = xoroshiro128plusFromState(hashKey(key));
  }

  /** The root of the named random streams of a seed. */
  static fromSeed(seed: number): Rng {
    return new Rng(`${seed}`);
  }

  /** A stream of constants, for code that needs the names and shapes of an initialization but not its numbers. */
  static still(): Rng {
    return new StillRng('');
  }

  /** An independent stream for one use, e.g. `rng.split('init', 'conv1')`. */
  split(...path: readonly (string | number)[]): Rng {
    return new Rng([this.#key, ...path].join('\u0000'));
  }

  /** Uniform in [0, 1). */
  uniform(): number {
    return uniformFloat64(this.#generator);
  }

  /** True with probability `p`; one draw of the generator, a third of `uniform`'s time. */
  bernoulli(p: number): boolean {
    return this.#generator.next() >>> 0 < p * 0x1_0000_0000;
  }

  /** Uniform integer in [0, n). */
  int(n: number): number {
    return uniformInt(this.#generator, 0, n - 1);
  }

  /** Standard normal (Box–Muller, both halves used). */
  normal(): number {
    if (this.#spare !== null) {
      const spare = this.#spare;
      this.#spare = null;
      return spare;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    const angle = 2 * Math.PI * this.uniform();
    this.#spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }

  /** Fills `data` with the numbers that as many calls of `normal` would give, in a fraction of the time. */
  normals(data: Float64Array): void {
    if (data.length === 0) return;
    let start = 0;
    if (this.#spare !== null) {
      data[start++] = this.#spare;
      this.#spare = null;
    }
    const state = Int32Array.from(this.#generator.getState());
    this.#spare = fillWithPairs(data, start, state);
    this.#generator = xoroshiro128plusFromState([...state]);
  }

  /**
   * Fills a tensor with normal numbers of mean zero, faster than one by one. They are not the numbers that `normal`
   * would give.
   */
  fillNormal(data: Float32Array, deviation: number): void {
    const state = Int32Array.from(this.#generator.getState());
    fillWithNormals(data, deviation, state);
    this.#generator = xoroshiro128plusFromState([...state]);
  }

  /** The numbers 0..n-1 in random order (Fisher–Yates). */
  permutation(n: number): Int32Array {
    const order = Int32Array.from({ length: n }, (_, i) => i);
    for (let i = n - 1; i > 0; i--) {
      const j = this.int(i + 1);
      [order[i], order[j]] = [order[j]!, order[i]!];
    }
    return order;
  }
}

/** Draws nothing: uniform numbers are 1/2, normal numbers 0, and `fillNormal` leaves the tensor as it is. */
class StillRng extends Rng {
  override split(): Rng {
    return this;
  }

  override uniform(): number {
    return 0.5;
  }

  override normal(): number {
    return 0;
  }

  override normals(data: Float64Array): void {
    data.fill(0);
  }

  override fillNormal(): void {}
}
