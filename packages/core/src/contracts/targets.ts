import { AncError } from '../errors/error.js';
import { sizeOf } from '../tree/tree.js';
import type { DatasetSplit } from './dataset.js';

/** Targets of images with random access: a mask for each image, say. */
export interface TargetSource {
  /** Shape of an image's target, as the dataset's task declares it; `[]` for one class index. */
  readonly shape: readonly number[];
  /** Writes the target of image `indices[i]` at `out[i * size]`, `size` the number of values of one target. */
  read(indices: Int32Array, out: Int32Array): Promise<void> | void;
}

/**
 * Opens the targets of a split, whichever form it has them in; null where it has none. Nothing is read before the call
 * that this returns, which throws `ANC_DATA_LABELS` where there is not one label for each image.
 */
export function targetsOf({ images, labels, targets }: DatasetSplit): (() => Promise<TargetSource>) | null {
  if (targets !== undefined && targets !== null) return targets;
  return labels === null ? null : async () => labelTargets(await labels(), images.count);
}

/** One class index per image as targets. */
function labelTargets(labels: Int32Array, count: number): TargetSource {
  if (labels.length !== count) {
    throw new AncError('ANC_DATA_LABELS', 'images and labels differ in number.', {
      expected: `${count} labels`,
      received: `${labels.length}`,
    });
  }
  return {
    shape: [],
    read: (indices, out) => out.set(indices.map((index) => labels[index]!)),
  };
}

/** The targets of some images, image after image. */
export async function readTargets(source: TargetSource, indices: Int32Array): Promise<Int32Array> {
  const out = new Int32Array(indices.length * sizeOf(source.shape));
  await source.read(indices, out);
  return out;
}
