import type { CompiledFunction } from '../contracts/backend.js';
import type { DatasetSplit } from '../contracts/dataset.js';
import { sizeOf, type HostTensor, type Tree } from '../tree/tree.js';

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
  { batchSize, onBatch, signal }: SplitProgress,
): AsyncGenerator<LogitBatch, void, undefined> {
  const { count, shape } = images;
  const pixels = sizeOf(shape);
  for (let start = 0; start < count; start += batchSize) {
    signal?.throwIfAborted();
    const real = Math.min(batchSize, count - start);
    const indices = Int32Array.from({ length: batchSize }, (_, i) => start + Math.min(i, real - 1));
    const bytes = new Uint8Array(batchSize * pixels);
    await images.read(indices, bytes);
    const outputs: Tree<HostTensor> = await network.run({
      images: { shape: [batchSize, ...shape], data: bytes },
    });
    const { shape: whole, data } = outputs.logits!;
    const own = whole.slice(1);
    yield { start, logits: { shape: [real, ...own], data: data.subarray(0, real * sizeOf(own)) } };
    onBatch?.(start + real, count);
  }
}

/** The logits of a classifier for every image of a split; see `logitBatches`. */
export async function logitsOf(
  classifier: Pick<CompiledFunction, 'run'>,
  split: Pick<DatasetSplit, 'images'>,
  batchSize: number,
  onBatch?: (done: number, count: number) => void,
  signal?: AbortSignal,
): Promise<SplitLogits> {
  let data = new Float32Array(0);
  let classes = 0;
  const progress = { batchSize, ...(onBatch && { onBatch }), ...(signal && { signal }) };
  for await (const { start, logits } of logitBatches(classifier, split, progress)) {
    classes = logits.shape[1]!;
    if (start === 0) data = new Float32Array(split.images.count * classes);
    data.set(logits.data, start * classes);
  }
  return { classes, data };
}
