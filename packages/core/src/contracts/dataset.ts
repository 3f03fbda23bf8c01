/**
 * Images with random access, and nothing else: what label-free training is given. There is no label
 * here to read by accident.
 */
export interface ImageSource {
  readonly count: number;
  /** [H, W, C] of every image. */
  readonly shape: readonly [number, number, number];
  /** Hash of the content; changes whenever an image could. */
  readonly fingerprint: string;
  /** Writes image `indices[i]` as bytes, NHWC, at `out[i * H * W * C]`. */
  read(indices: Int32Array, out: Uint8Array): Promise<void> | void;
  /**
   * A name of the sample that stands for its content (a file's path and size), where reading the content of all
   * of them would take long. Seeded splits hash it in place of the bytes.
   */
  sampleKey?(index: number): string;
  /** Random crops made while decoding, for sources whose pictures are larger than `shape`. */
  readonly crops?: DecodedViews;
}

/**
 * Views that a source makes itself, from pictures of any size: an `Augmentation` that cannot be a function of the
 * finished image. View 0 is what `ImageSource.read` gives.
 */
export interface DecodedViews {
  /** Says all that changes pixels; part of the teacher memo's key. */
  readonly id: string;
  /** Number of different views of an image, ≥ 1. */
  readonly views: number;
  /** Writes view `views[i]` of image `indices[i]` as bytes, NHWC, at `out[i * H * W * C]`. */
  read(indices: Int32Array, views: Int32Array, out: Uint8Array): Promise<void> | void;
}

/** A part of a dataset. Labels stay behind a call of their own. */
export interface DatasetSplit {
  readonly images: ImageSource;
  /** Class index per image, or null where the data has none. */
  readonly labels: (() => Promise<Int32Array>) | null;
}

export type SplitName = 'train' | 'test';

export abstract class Dataset {
  abstract readonly name: string;
  abstract readonly classes: readonly string[];
  /** [H, W, C]. */
  abstract readonly shape: readonly [number, number, number];
  /** Throws `ANC_DATA_*` where a file is missing, damaged or of another format. */
  abstract split(name: SplitName): Promise<DatasetSplit>;
}

/** A file that a dataset is published as: the same bytes at every address, known by their MD5. */
export interface PublishedFile {
  readonly name: string;
  /** The authors' address first, then mirrors. */
  readonly urls: readonly string[];
  readonly md5: string;
  /** More than this is not taken, whatever a server says. */
  readonly mostBytes: number;
}

/** How training images are varied. A view is a small integer that fixes every choice. */
export interface Augmentation {
  /** Says all that changes pixels; part of the teacher memo's key. */
  readonly id: string;
  /** Number of different views of an image, ≥ 1. View 0 is the plain image. */
  readonly views: number;
  /** Writes view `view` of one NHWC image to `out` (same shape). */
  render(image: Uint8Array, shape: readonly [number, number, number], view: number, out: Uint8Array): void;
}

/**
 * How bytes (0..255) become what networks see: (x - mean) / std. `mean` is one per channel, or a mean image
 * [H × W × C]; `std` is one per channel. `per-image`: every image by its own mean and deviation.
 */
export type Normalization = FixedNormalization | 'per-image';

export interface FixedNormalization {
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/** Numbers above this are of bytes: a mean or deviation of pixels in 0..1 never is. */
const UNIT_LIMIT = 2;

/** What means and deviations are multiplied by to be of bytes: 255 where they are of pixels in 0..1. */
export const pixelUnit = (mean: readonly number[], std: readonly number[]): number =>
  [...mean, ...std].some((value) => value > UNIT_LIMIT) ? 1 : 255;

/** One batch on its way to a step: which images, in which view, and their bytes [B, H, W, C]. */
export interface ImageBatch {
  readonly indices: Int32Array;
  readonly views: Int32Array;
  readonly images: Uint8Array;
}

/** A batch for methods that declare that they use labels. */
export interface LabelledBatch extends ImageBatch {
  readonly labels: Int32Array;
}
