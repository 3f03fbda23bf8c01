import type { CropDistribution } from './augmentation.js';
import type { TargetSource } from './targets.js';

/**
 * Images with random access, and nothing else: what label-free training gets. The type has no label that could be
 * read by accident.
 */
export interface ImageSource {
  /** Number of images. */
  readonly count: number;
  /** [H, W, C] of every image. */
  readonly shape: readonly [number, number, number];
  /** Hash of the content; changes whenever an image may have changed. */
  readonly fingerprint: string;
  /** Writes image `indices[i]` as bytes, NHWC, at `out[i * H * W * C]`. */
  read(indices: Int32Array, out: Uint8Array): Promise<void> | void;
  /**
   * A key that stands for an image's content (a file's path and size), where reading the content of all images would
   * take long. Seeded splits hash it instead of the bytes.
   */
  sampleKey?(index: number): string;
  /** Random crops made while decoding, for sources whose pictures are larger than `shape`. */
  readonly crops?: DecodedViews;
}

/** Random variations of a source's images. A view is a small integer that determines every random choice for an image. */
export interface ImageViews {
  /** Contains everything that affects the pixels of a view; part of the teacher cache's key. */
  readonly id: string;
  /** Number of different views of an image, ≥ 1; null: another view in every epoch. View 0 is the plain image. */
  readonly views: number | null;
  /** Whether images are mixed within their batch: pixels then depend on more than image and view. */
  readonly mixesInBatch?: boolean;
  /**
   * Writes view `views[i]` of image `indices[i]` as bytes, NHWC, at `out[i * H * W * C]`. `batch`: where they are mixed
   * within it, the whole batch, of which they may be a part.
   */
  read(indices: Int32Array, views: Int32Array, out: Uint8Array, batch?: WholeBatch): Promise<void> | void;
}

/** A batch before its images are read: whatever part of it a process trains on, mixing draws for all of it. */
export interface WholeBatch {
  /** Index of each image in its split, [B]. */
  readonly indices: Int32Array;
  /** View of each image, [B]: which augmentation it gets; 0 is the image as it is. */
  readonly views: Int32Array;
  /** Random seed of the order of images. */
  readonly seed: number;
  /** Number of the epoch, from 0. */
  readonly epoch: number;
  /** Number of the batch in its epoch. */
  readonly step: number;
}

/**
 * Views that a source renders itself, from pictures of any size: an augmentation that cannot be a function of the
 * decoded image. View 0 is what `ImageSource.read` gives.
 */
export interface DecodedViews extends ImageViews {
  readonly views: number;
  /** Crops of another distribution, in any number of views that `seed` determines. */
  of?(distribution: CropDistribution, seed: number): ImageViews;
}

/** A part of a dataset. Labels and targets are only read by a call of their own. */
export interface DatasetSplit {
  /** The images, without labels. */
  readonly images: ImageSource;
  /** Class index per image, or null where the data has none. */
  readonly labels: (() => Promise<Int32Array>) | null;
  /** Targets of another shape, for tasks that have them, in place of `labels`; see `targetsOf`. */
  readonly targets?: (() => Promise<TargetSource>) | null;
}

/** Name of an official split. */
export type SplitName = 'train' | 'test';

/** A dataset: its classes, the shape of its images, and its splits. */
export abstract class Dataset {
  /** Name under which it is registered and recorded. */
  abstract readonly name: string;
  /** Names of the classes, in the order of the class indices. */
  abstract readonly classes: readonly string[];
  /** [H, W, C]. */
  abstract readonly shape: readonly [number, number, number];
  /** Name of the task that its targets are for, with options where it has some: `segmentation(ignore=255)`. */
  readonly task: string = 'classification';
  /**
   * Whether `classes` are names of folders in an order of the program's choice, so that the number of a class says nothing
   * about the outputs of a network that was trained elsewhere. A published dataset has its classes' numbers in its files.
   */
  readonly classesAreFolders: boolean = false;
  /** False where it has no images at all, so that only methods that make them can train. */
  readonly hasImages: boolean = true;
  /** How the files were read, and what is unusual about them, in sentences for people. */
  get notices(): readonly string[] {
    return [];
  }
  /** @throws `ANC_DATA_*` where a file is missing, damaged or of another format. */
  abstract split(name: SplitName): Promise<DatasetSplit>;
  /** Images of the dataset's own for choices during training, beside training and test images; null without any. */
  validation(): Promise<DatasetSplit | null> {
    return Promise.resolve(null);
  }
}

/** A file of a published dataset: the same bytes at every address, identified by their MD5. */
export interface PublishedFile {
  /** Name of the file, without a folder. */
  readonly name: string;
  /** The authors' address first, then mirrors. */
  readonly urls: readonly string[];
  /** MD5 of the file's bytes, in lower-case hexadecimal. */
  readonly md5: string;
  /** Upper limit of the download, whatever size a server reports. */
  readonly mostBytes: number;
}

/**
 * How bytes (0..255) become a network's input: (x - mean) / std. `mean` has one value per channel, or is a mean image
 * [H × W × C]; `std` has one value per channel. `per-image`: the mean and standard deviation of each image.
 */
export type Normalization = FixedNormalization | 'per-image';

/** Normalization by constants, in units of bytes (0..255): (x - mean) / std. */
export interface FixedNormalization {
  /** One value per channel, or a mean image [H × W × C], row-major. */
  readonly mean: readonly number[];
  /** Standard deviation: one value per channel. */
  readonly std: readonly number[];
}

/** Larger means and deviations are in units of bytes (0..255): those of pixels in 0..1 never are. */
const UNIT_LIMIT = 2;

/** Factor that converts means and standard deviations to units of bytes: 255 where they are of pixels in 0..1. */
export const pixelUnit = (mean: readonly number[], std: readonly number[]): number =>
  [...mean, ...std].some((value) => value > UNIT_LIMIT) ? 1 : 255;

/** One batch of a step: which images, in which views, and their bytes [B, H, W, C]. */
export interface ImageBatch {
  /** Index of each image in its split, [B]. */
  readonly indices: Int32Array;
  /** View of each image, [B]: which augmentation it gets; 0 is the image as it is. */
  readonly views: Int32Array;
  /** Bytes of the images, [B, H, W, C], row-major, 0..255. */
  readonly images: Uint8Array;
  /**
   * The `ImageViews.id` of what these are views of; null where image and view do not determine the pixels, so that nothing
   * can be cached by them. Left out by sources that have one kind of views only.
   */
  readonly augmentation?: string | null;
}

/** A batch for methods that declare that they use labels. */
export interface LabeledBatch extends ImageBatch {
  /** Class index per image, or the images' targets, image after image. */
  readonly labels: Int32Array;
}
