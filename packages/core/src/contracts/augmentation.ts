import type { Rng } from '../random/rng.js';

/**
 * A random change of training images: what is drawn for an image, as a record of plain data, and what a record does to
 * pixels. The same record does the same to the same image, whatever else is in the batch and on whichever backend.
 *
 * It is created for images of one shape [H, W, C].
 */
export type Augmentation<R = unknown> = ImageAugmentation<R> | MixingAugmentation<R>;

/** What both kinds have. */
interface Drawn<R> {
  /** Name and every constant that affects pixels, e.g. `rotate(degrees=15)`. Part of the teacher cache's key. */
  readonly id: string;
  /** Draws what happens to one image: JSON data, or null where it stays as it is. */
  draw(rng: Rng): R | null;
}

/** Changes an image by itself. */
export interface ImageAugmentation<R = unknown> extends Drawn<R> {
  /** Writes an image, changed as the record says, to `out`; both are bytes [H, W, C]. Does not write to `image`. */
  apply(image: Uint8Array, record: R, out: Uint8Array): void;
  /**
   * All records, each as likely as the others, where there are few; `plain` is the index of the one that leaves images as
   * they are. A list of nothing but such augmentations draws from their combinations, which come again.
   */
  readonly finite?: { readonly records: readonly R[]; readonly plain: number };
  /** Random-resized crops that this stands for, which a source that decodes larger pictures makes itself. */
  readonly whileDecoding?: CropDistribution;
}

/**
 * Mixes another image into an image. A mixed image has no label, so it is for training without labels; stages that read
 * labels get images that are not mixed.
 */
export interface MixingAugmentation<R = unknown> extends Drawn<R> {
  /** Writes `image` mixed with `partner` as the record says to `out`; all are bytes [H, W, C]. Does not write to the two. */
  mix(image: Uint8Array, partner: Uint8Array, record: R, out: Uint8Array): void;
}

/** Whether an augmentation mixes each image with another one. */
export const isMixing = (augmentation: Augmentation): augmentation is MixingAugmentation =>
  'mix' in augmentation;

/** Random-resized crops (Szegedy et al. 2015): area as a share of the image's, and width / height. */
export interface CropDistribution {
  /** Smallest and largest area of a crop, as a share of the image's area, 0..1. */
  readonly scale: readonly [number, number];
  /** Smallest and largest aspect ratio (width / height) of a crop. */
  readonly ratio: readonly [number, number];
}
