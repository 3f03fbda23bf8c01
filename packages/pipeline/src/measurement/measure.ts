import { Rng, type HostTensor } from '@anc/core';

/** Latency of one row for one size of batch. */
export interface MeasuredBatch {
  /** Images at once. */
  readonly size: number;
  /** How often it was measured. */
  readonly rounds: number;
  /** Median, in milliseconds. */
  readonly p50: number;
  /** 95th percentile, in milliseconds. */
  readonly p95: number;
  /** Size of the batch divided by the median. */
  readonly imagesPerSecond: number;
}

/** Something that predicts a batch of images. */
export interface Measurable {
  run(images: HostTensor): Promise<unknown>;
}

export interface MeasureOptions {
  /** Time for each row. */
  readonly seconds: number;
  /** Rounds at most. */
  readonly most?: number;
  readonly now?: () => number;
  readonly signal?: AbortSignal;
}

/** Calls of each row before anything is measured: kernels are compiled, buffers made. */
const WARM_UP = 3;
/** Rounds at least, whatever time they take, and at most. */
const ROUNDS = { least: 7, most: 500 };

/**
 * Measures rows with the same images. Each round calls every row once, in an order that is drawn anew: what else the
 * machine does in the meantime concerns all rows alike.
 *
 * @param images bytes [B, H, W, C] for each row
 */
export async function measureInterleaved(
  rows: readonly Measurable[],
  images: readonly HostTensor[],
  { seconds, most = ROUNDS.most, now = () => performance.now(), signal }: MeasureOptions,
): Promise<MeasuredBatch[]> {
  for (const [i, row] of rows.entries()) {
    for (let call = 0; call < WARM_UP; call++) await row.run(images[i]!);
    signal?.throwIfAborted();
  }
  const samples = rows.map((): number[] => []);
  const rng = Rng.fromSeed(0).split('benchmark');
  const end = now() + 1000 * seconds * rows.length;
  for (let round = 0; round < most && (round < ROUNDS.least || now() < end); round++) {
    for (const i of rng.permutation(rows.length)) {
      const start = now();
      await rows[i]!.run(images[i]!);
      samples[i]!.push(now() - start);
    }
    signal?.throwIfAborted();
  }
  return samples.map((times, i) => summarized(times, images[i]!.shape[0]!));
}

function summarized(times: readonly number[], size: number): MeasuredBatch {
  const sorted = [...times].sort((a, b) => a - b);
  const [p50, p95] = [quantile(sorted, 0.5), quantile(sorted, 0.95)];
  return { size, rounds: times.length, p50, p95, imagesPerSecond: (1000 * size) / Math.max(p50, 1e-6) };
}

/** By linear interpolation between the nearest two. */
function quantile(sorted: readonly number[], share: number): number {
  const at = share * (sorted.length - 1);
  const [below, above] = [sorted[Math.floor(at)]!, sorted[Math.ceil(at)]!];
  return below + (above - below) * (at - Math.floor(at));
}
