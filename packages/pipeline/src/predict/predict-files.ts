import { AncError, isAncError } from '@anc/core';
import { topOf } from '@anc/core/internal';
import { captionedContactSheet, decodeImage } from '@anc/datasets';
import { softmax } from '../check/probabilities.js';
import { logitsBy } from '../check/teacher.js';
import type { Classifier } from '../classifier/classifier.js';
import { NOT_FINITE_HINT } from '../classifier/score.js';
import type { ImageFile } from './image-files.js';

/** A class with its probability for an image. */
export interface PredictedClass {
  /** Its position among the logits. */
  readonly index: number;
  /** Its name; null where the model does not name its classes. */
  readonly name: string | null;
  /** Softmax of the logits, from 0 to 1. */
  readonly probability: number;
}

/** What a model predicts for an image file. */
export interface PredictedImage {
  /** The file, as it was named. */
  readonly image: string;
  /** The most likely classes, most likely first. */
  readonly classes: readonly PredictedClass[];
}

/** An image file without a prediction. */
export interface FailedImage {
  /** The file, as it was named. */
  readonly image: string;
  /** Why it does not decode. */
  readonly reason: string;
}

export interface PredictedFiles {
  readonly images: readonly PredictedImage[];
  readonly failed: readonly FailedImage[];
  /** The first images with their class and its probability, as a PNG file; null where it was not requested. */
  readonly sheet: Uint8Array | null;
}

export interface PredictFilesOptions {
  /** [H, W, C] of the images that the model takes. */
  readonly shape: readonly [number, number, number];
  /** Number of classes of an image. */
  readonly top: number;
  /** Images at a time. */
  readonly batchSize: number;
  readonly sheet: boolean;
  readonly onProgress?: (done: number, count: number) => void;
  readonly signal?: AbortSignal;
}

/** Images of a sheet at most. */
export const MOST_ON_SHEET = 200;

/**
 * Classifies image files, decoded as those of a folder of test images: resized and cropped to what the model takes.
 * Files that do not decode are listed with the reason.
 *
 * @throws `ANC_DATA_CORRUPT` where no file decodes, `ANC_TEACHER_OUTPUT` where a logit is no finite number.
 */
export async function predictFiles(
  files: readonly ImageFile[],
  classifier: Classifier,
  { shape, top, batchSize, sheet, onProgress, signal }: PredictFilesOptions,
): Promise<PredictedFiles> {
  const size = shape[0] * shape[1] * shape[2];
  const batch = Math.min(batchSize, files.length);
  const infer = logitsBy(classifier, shape, batch);
  const images: PredictedImage[] = [];
  const failed: FailedImage[] = [];
  const shown: Uint8Array[] = [];
  for (let start = 0; start < files.length; start += batch) {
    signal?.throwIfAborted();
    const some = files.slice(start, start + batch);
    const decoded = await Promise.all(some.map((file) => decodedOr(file, shape)));
    const readable = some.flatMap(({ name }, i) => {
      const one = decoded[i]!;
      if (one instanceof Uint8Array) return [{ name, bytes: one }];
      failed.push({ image: name, reason: one });
      return [];
    });
    const bytes = new Uint8Array(readable.length * size);
    readable.forEach((one, i) => bytes.set(one.bytes, i * size));
    const logits = await infer(bytes, readable.length);
    readable.forEach(({ name }, i) => {
      const row = logits.subarray(i * classifier.classes, (i + 1) * classifier.classes);
      images.push({ image: name, classes: topClasses(name, row, classifier, top) });
    });
    if (sheet) shown.push(...readable.slice(0, MOST_ON_SHEET - shown.length).map((one) => one.bytes));
    onProgress?.(start + some.length, files.length);
  }
  if (images.length === 0) throw noneDecodes(failed);
  return { images, failed, sheet: sheet ? sheetOf(shown, shape, images) : null };
}

/** The bytes of an image, or why it does not decode. */
async function decodedOr(
  { path }: ImageFile,
  shape: PredictFilesOptions['shape'],
): Promise<Uint8Array | string> {
  try {
    return await decodeImage(path, shape, null);
  } catch (error) {
    if (!isAncError(error) || !UNREADABLE.includes(error.code)) throw error;
    return error.detail.received ?? error.message;
  }
}

const UNREADABLE: readonly string[] = ['ANC_DATA_CORRUPT', 'ANC_DATA_MISSING'];

function noneDecodes(failed: readonly FailedImage[]): AncError {
  const [first] = failed;
  const what =
    failed.length === 1 ? `"${first!.image}" does not decode.` : `none of ${failed.length} images decodes.`;
  return new AncError('ANC_DATA_CORRUPT', what, {
    expected: 'image files',
    received: failed.length === 1 ? first!.reason : `${first!.image}: ${first!.reason}`,
  });
}

function topClasses(
  image: string,
  logits: Float32Array,
  { classes, classNames }: Classifier,
  top: number,
): PredictedClass[] {
  const strange = logits.find((value) => !Number.isFinite(value));
  if (strange !== undefined) {
    throw new AncError('ANC_TEACHER_OUTPUT', `the model gives logits that are not finite for "${image}".`, {
      expected: 'logits that are numbers',
      received: String(strange),
      hint: NOT_FINITE_HINT,
    });
  }
  const row = softmax(logits, classes);
  const left = Float64Array.from(logits);
  return Array.from({ length: Math.min(top, classes) }, () => {
    const index = topOf(left, 0, classes);
    left[index] = -Infinity;
    return { index, name: classNames?.[index] ?? null, probability: row[index]! };
  });
}

/** A class in words. */
export const classLabel = ({ name, index }: Pick<PredictedClass, 'name' | 'index'>): string =>
  name ?? `class ${index}`;

function sheetOf(
  shown: readonly Uint8Array[],
  shape: PredictFilesOptions['shape'],
  images: readonly PredictedImage[],
): Uint8Array {
  const size = shape[0] * shape[1] * shape[2];
  const bytes = new Uint8Array(shown.length * size);
  shown.forEach((one, i) => bytes.set(one, i * size));
  const captions = images.slice(0, shown.length).map(({ classes: [best] }) => {
    return `${Math.round(100 * best!.probability)}% ${classLabel(best!)}`;
  });
  return captionedContactSheet({ images: bytes, shape, captions });
}
