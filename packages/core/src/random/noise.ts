import { sizeOf, type HostTensor } from '../tree/tree.js';
import { Rng } from './rng.js';

/** The distribution of one noise tensor. */
export type Distribution =
  /** 1 with probability `keep`, else 0. */
  | { readonly kind: 'bernoulli'; readonly keep: number }
  | { readonly kind: 'uniform'; readonly low: number; readonly high: number }
  | { readonly kind: 'normal'; readonly mean: number; readonly std: number };

/** One noise input of a step. Every sample (first axis) has a random stream of its own. */
export interface NoiseSpec {
  /** Name of the noise, unique in its step. */
  readonly name: string;
  /** Shape, batch axis first. */
  readonly shape: readonly number[];
  /** Distribution of every number. */
  readonly distribution: Distribution;
  /**
   * Where every rank draws it for the whole batch, from the first row on: the name of the noise that one process draws. Left
   * out for noise of a rank's own rows.
   */
  readonly whole?: string;
}

/** Whose rows noise is drawn for: those of this rank, or those of the whole batch, which all ranks draw alike. */
export type NoiseRows = 'own' | 'whole';

/** The noise that a phase draws under a name. That of the whole batch is another input than that of a rank's own rows. */
export const noiseSpec = (
  name: string,
  shape: readonly number[],
  distribution: Distribution,
  rows: NoiseRows = 'own',
): NoiseSpec =>
  rows === 'own'
    ? { name, shape: [...shape], distribution }
    : { name: `${name}@whole`, shape: [...shape], distribution, whole: name };

function sampler(distribution: Distribution): (rng: Rng) => number {
  switch (distribution.kind) {
    case 'bernoulli':
      return (rng) => (rng.bernoulli(distribution.keep) ? 1 : 0);
    case 'uniform':
      return (rng) => distribution.low + (distribution.high - distribution.low) * rng.uniform();
    case 'normal':
      return (rng) => distribution.mean + distribution.std * rng.normal();
  }
}

/**
 * Draws a noise tensor on the host. Sample `i` depends on (seed, step, name, offset + i) alone, so micro-batches or
 * ranks draw the same noise as the whole batch. Of noise for the whole batch, sample `i` depends on (seed, step, name, i).
 */
export function drawNoise(spec: NoiseSpec, seed: number, step: number, offset = 0): HostTensor {
  const data = new Float32Array(sizeOf(spec.shape));
  const samples = spec.shape[0] ?? 1;
  const perSample = samples === 0 ? 0 : data.length / samples;
  const draw = sampler(spec.distribution);
  const root = Rng.fromSeed(seed).split('noise', step, spec.whole ?? spec.name);
  const first = spec.whole === undefined ? offset : 0;
  for (let i = 0; i < samples; i++) {
    const rng = root.split(first + i);
    for (let j = 0; j < perSample; j++) data[i * perSample + j] = draw(rng);
  }
  return { shape: spec.shape, data };
}
