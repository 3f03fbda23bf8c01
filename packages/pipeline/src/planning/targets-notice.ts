import type { OpenedTask } from '../tasks/opened-task.js';

/**
 * That augmentations change images and not their targets, where a run learns from targets that have a place in the image;
 * else null.
 *
 * @param augmentation id of the views of the training images
 */
export const targetsNotice = (
  learnsTargets: boolean,
  { description }: OpenedTask,
  augmentation: string,
): string | null =>
  learnsTargets && !description.perImage && augmentation !== 'none'
    ? 'targets are not changed with the images, so training with targets shows images without augmentations.'
    : null;
