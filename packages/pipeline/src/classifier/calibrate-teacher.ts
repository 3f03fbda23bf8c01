import type { Backend, ImageSource, Teacher } from '@anc/core';
import { sizeOf } from '@anc/core';
import { optionError } from '../options/option-error.js';

/** Images on which ranges are measured. */
const IMAGES = 256;

/**
 * Gives a teacher images to calibrate on, where its backend computes in 8 bits: training images at equal distances, without
 * changes by augmentations and without labels.
 *
 * @throws `ANC_CONFIG` where there are no images, or the teacher is computed by other means
 */
export async function calibrateTeacher(
  teacher: Teacher,
  backend: Backend,
  images: ImageSource,
): Promise<void> {
  if (!backend.calibrates) return;
  const refuse = (problem: string): Error =>
    optionError(['teacher', 'precision'], problem, {
      expected: 'a network whose layers are known here, and images',
      hint: 'use float32.',
    });
  if (teacher.calibrate === undefined)
    throw refuse('the given teacher is no network that can be computed in 8 bits.');
  if (images.count === 0)
    throw refuse('there are no images on which the ranges of 8 bits could be measured.');
  const count = Math.min(IMAGES, images.count);
  const indices = Int32Array.from({ length: count }, (_, i) => Math.floor((i * images.count) / count));
  const data = new Uint8Array(count * sizeOf(images.shape));
  await images.read(indices, data);
  teacher.calibrate({ shape: [count, ...images.shape], data }, `${images.fingerprint}/${count}`);
}
