import { basename } from 'node:path';
import type { DatasetSplit, HostTensor, Normalization } from '@anc/core';
import { sizeOf } from '@anc/core';
import type { Format, Precision } from '../format.js';
import { probeImages } from '../verify.js';

/** Images of a fixture. */
const IMAGES = 8;

/** Differences that another runtime or processor may make, as a part of the largest logit. */
const TOLERANCE: Readonly<Record<Precision, number>> = { float32: 1e-3, float16: 1e-2, int8: 5e-2 };

/** A few images with the logits that an exported model gives for them, as JSON. */
export interface Fixture {
  /** Path of the model, from the fixture's folder. */
  readonly model: string;
  readonly format: Format;
  /** SHA-256 of the model. */
  readonly sha256: string;
  /** [H, W, C] of an image. */
  readonly input: readonly number[];
  /** Order of the axes that the model takes. */
  readonly layout: 'nchw' | 'nhwc';
  /** How bytes become the model's input; null where it takes bytes. */
  readonly normalization: Normalization | null;
  /** Names of the classes; empty where they have none. */
  readonly classes: readonly string[];
  /** Bytes [8, H, W, C], row-major. */
  readonly images: { readonly shape: readonly number[]; readonly dtype: 'uint8'; readonly base64: string };
  /** [8, classes], row-major, little-endian. */
  readonly logits: { readonly shape: readonly number[]; readonly dtype: 'float32'; readonly base64: string };
  /** Largest difference of a logit that is no fault. */
  readonly tolerance: number;
}

/** A model's name for comments and docstrings: without what would end them. */
export const shownName = ({ model }: Pick<Fixture, 'model'>): string =>
  basename(model).replace(/[\p{Cc}\u2028\u2029"\\]/gu, '_');

/** Images of a split, spread over it; or noise where there are none. [8, H, W, C] */
export async function fixtureImages(
  split: Pick<DatasetSplit, 'images'> | null,
  shape: readonly number[],
): Promise<HostTensor> {
  if (split === null || split.images.count === 0) {
    const [noise, plain] = probeImages(shape);
    const data = new Uint8Array(IMAGES * sizeOf(shape));
    for (let at = 0; at < data.length; at += plain!.data.length) {
      data.set(plain!.data.subarray(0, data.length - at), at);
    }
    data.set(noise!.data);
    return { shape: [IMAGES, ...shape], data };
  }
  const { images } = split;
  const count = Math.min(IMAGES, images.count);
  const data = new Uint8Array(count * sizeOf(shape));
  await images.read(
    Int32Array.from({ length: count }, (_, i) => Math.floor((i * images.count) / count)),
    data,
  );
  return { shape: [count, ...shape], data };
}

/** Writes images and logits into a fixture. */
export function fixtureOf(
  described: Omit<Fixture, 'images' | 'logits' | 'tolerance'>,
  precision: Precision,
  images: HostTensor,
  logits: HostTensor,
): Fixture {
  let largest = 0;
  for (const value of logits.data) largest = Math.max(largest, Math.abs(value));
  return {
    ...described,
    images: { shape: images.shape, dtype: 'uint8', base64: base64Of(images) },
    logits: { shape: logits.shape, dtype: 'float32', base64: base64Of(logits) },
    tolerance: TOLERANCE[precision] * largest,
  };
}

const base64Of = ({ data }: HostTensor): string =>
  Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64');
