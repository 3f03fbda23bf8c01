import type { CompiledFunction } from '../contracts/backend.js';
import type { DatasetSplit } from '../contracts/dataset.js';
import { sizeOf, type HostTensor, type Tree } from '../tree/tree.js';
import { sharedBatches, type LogitRanks, type PlannedBatch } from './shared-batches.js';

/** Logits of every image of a split, in order. */
export interface SplitLogits {
  readonly classes: number;
  /** [count × classes]. */
  readonly data: Float32Array;
}

/** Logits of some images of a split. */
export interface LogitBatch {
  /** Index of the first of them. */
  readonly start: number;
  /** [n, …]. */
  readonly logits: HostTensor;
}

export interface SplitProgress {
  readonly batchSize: number;
  readonly onBatch?: (done: number, count: number) => void;
  readonly signal?: AbortSignal;
  /** Divides the batches among ranks, which all call this; every rank gets all logits. */
  readonly ranks?: LogitRanks | undefined;
}

/**
 * Runs a compiled network on a whole split in batches of one size. The last batch is padded and its padding is cut off,
 * so that every image counts once.
 *
 * @throws the signal's reason once it is aborted, before the next batch.
 */
export async function* logitBatches(
  network: Pick<CompiledFunction, 'run'>,
  { images }: Pick<DatasetSplit, 'images'>,
  { batchSize, onBatch, signal, ranks }: SplitProgress,
): AsyncGenerator<LogitBatch, void, undefined> {
  const { count, shape } = images;
  const pixels = sizeOf(shape);
  const logitsFrom = async (start: number): Promise<HostTensor> => {
    const real = Math.min(batchSize, count - start);
    const indices = Int32Array.from({ length: batchSize }, (_, i) => start + Math.min(i, real - 1));
    const bytes = new Uint8Array(batchSize * pixels);
    await images.read(indices, bytes);
    const outputs: Tree<HostTensor> = await network.run({
      images: { shape: [batchSize, ...shape], data: bytes },
    });
    const { shape: whole, data } = outputs.logits!;
    const own = whole.slice(1);
    return { shape: [real, ...own], data: data.subarray(0, real * sizeOf(own)) };
  };
  const batches = Array.from({ length: Math.ceil(count / batchSize) }, (_, i): PlannedBatch => {
    const start = i * batchSize;
    return { start, run: () => logitsFrom(start) };
  });
  if (count > 0) signal?.throwIfAborted();
  for await (const batch of ranks === undefined ? inOrder(batches) : sharedBatches(batches, ranks)) {
    yield batch;
    onBatch?.(batch.start + batch.logits.shape[0]!, count);
    if (batch.start + batchSize < count) signal?.throwIfAborted();
  }
}

async function* inOrder(batches: readonly PlannedBatch[]): AsyncGenerator<LogitBatch, void, undefined> {
  for (const { start, run } of batches) yield { start, logits: await run() };
}

/** The logits of a classifier for every image of a split; see `logitBatches`. */
export async function logitsOf(
  classifier: Pick<CompiledFunction, 'run'>,
  split: Pick<DatasetSplit, 'images'>,
  batchSize: number,
  onBatch?: (done: number, count: number) => void,
  signal?: AbortSignal,
  ranks?: LogitRanks,
): Promise<SplitLogits> {
  let data = new Float32Array(0);
  let classes = 0;
  const progress = { batchSize, ...(onBatch && { onBatch }), ...(signal && { signal }), ranks };
  for await (const { start, logits } of logitBatches(classifier, split, progress)) {
    classes = logits.shape[1]!;
    if (start === 0) data = new Float32Array(split.images.count * classes);
    data.set(logits.data, start * classes);
  }
  return { classes, data };
}
