import type { CompiledFunction } from '../contracts/backend.js';
import type { DatasetSplit } from '../contracts/dataset.js';
import type { HostTensor, Tree } from '../tree/tree.js';

export interface Evaluation {
  readonly count: number;
  /** Share of images with a wrong top-1 class; null where the data has no labels. */
  readonly error: number | null;
  /** Share of images with the teacher's top-1 class; null without a teacher. */
  readonly agreement: number | null;
}

/** Logits of every image of a split, in order. */
export interface SplitLogits {
  readonly classes: number;
  /** [count × classes]. */
  readonly data: Float32Array;
}

/**
 * Runs a compiled classifier on a whole split in batches of one size. The last batch is padded and its padding is cut
 * off, so that every image counts once.
 *
 * @throws the signal's reason once it is aborted, before the next batch.
 */
export async function logitsOf(
  classifier: CompiledFunction,
  { images }: DatasetSplit,
  batchSize: number,
  onBatch?: (done: number, count: number) => void,
  signal?: AbortSignal,
): Promise<SplitLogits> {
  const { count, shape } = images;
  const pixels = shape[0] * shape[1] * shape[2];
  let data = new Float32Array(0);
  let classes = 0;
  for (let start = 0; start < count; start += batchSize) {
    signal?.throwIfAborted();
    const real = Math.min(batchSize, count - start);
    const indices = Int32Array.from({ length: batchSize }, (_, i) => start + Math.min(i, real - 1));
    const bytes = new Uint8Array(batchSize * pixels);
    await images.read(indices, bytes);
    const outputs: Tree<HostTensor> = await classifier.run({
      images: { shape: [batchSize, ...shape], data: bytes },
    });
    const logits = outputs.logits!;
    classes = logits.shape[1]!;
    if (start === 0) data = new Float32Array(count * classes);
    data.set((logits.data as Float32Array).subarray(0, real * classes), start * classes);
    onBatch?.(start + real, count);
  }
  return { classes, data };
}

/** Index of the largest logit of each image; the first of equal ones. */
export function topClasses({ classes, data }: SplitLogits): Int32Array {
  const count = classes === 0 ? 0 : data.length / classes;
  return Int32Array.from({ length: count }, (_, i) => {
    let best = 0;
    for (let c = 1; c < classes; c++) if (data[i * classes + c]! > data[i * classes + best]!) best = c;
    return best;
  });
}

/** Compares predictions with labels and with the teacher's predictions, class indices all. */
export function scorePredictions(
  predicted: Int32Array,
  labels: Int32Array | null,
  teacher: Int32Array | null,
): Evaluation {
  const same = (other: Int32Array): number =>
    predicted.reduce((sum, value, i) => sum + (value === other[i] ? 1 : 0), 0);
  return {
    count: predicted.length,
    error: labels === null ? null : (predicted.length - same(labels)) / predicted.length,
    agreement: teacher === null ? null : same(teacher) / predicted.length,
  };
}
