import { AncError, Rng, sizeOf, type DatasetSplit, type HostTensor, type Teacher } from '@anc/core';
import type { Precision } from './format.js';

export interface Verified {
  /** Number of images: four generated ones, and those of the data where there are some. */
  readonly images: number;
  /** How many of them are of the data. */
  readonly ofData: number;
  /** Largest difference of two logits. */
  readonly maxDifference: number;
  /** Largest logit, by its size. */
  readonly scale: number;
}

/** Differences beyond this part of the largest logit are no rounding. */
export const TOLERANCE = 1e-4;

/** The same of half precision, where nothing else is measured. */
const HALF_TOLERANCE = 0.1;

/**
 * Part of the largest logit by which those of a written file may differ; infinite of converted files that are tested with
 * images, which says more.
 */
export function toleranceOf(precision: Precision, hasImages: boolean): number {
  if (precision === 'float32') return TOLERANCE;
  return hasImages ? Infinity : HALF_TOLERANCE; // 8 bits always have images
}

/** Images of the data that a written file is checked on at most. */
export const CHECKED_IMAGES = 200;

/** The first images of a split, in batches. */
export async function* firstImages(
  { images }: Pick<DatasetSplit, 'images'>,
  count: number,
): AsyncGenerator<HostTensor> {
  const batch = 100;
  const all = Math.min(count, images.count);
  for (let start = 0; start < all; start += batch) {
    const length = Math.min(batch, all - start);
    const data = new Uint8Array(length * sizeOf(images.shape));
    await images.read(
      Int32Array.from({ length }, (_, i) => start + i),
      data,
    );
    yield { shape: [length, ...images.shape], data };
  }
}

/** Noise and plain pictures: batches of 1 and 3. */
export function probeImages(shape: readonly number[]): HostTensor[] {
  const rng = Rng.fromSeed(0).split('verify');
  const size = sizeOf(shape);
  const noise = Uint8Array.from({ length: size }, () => rng.int(256));
  const plain = Uint8Array.from({ length: 3 * size }, (_, i) =>
    i < size ? 0 : i < 2 * size ? 255 : rng.int(256),
  );
  return [
    { shape: [1, ...shape], data: noise },
    { shape: [3, ...shape], data: plain },
  ];
}

/**
 * Compares what was written, read back, with what it was made of: on generated images, and on the first of a split where
 * one is given. Throws `ANC_EXPORT` where they differ by more than
 * `tolerance` times the largest logit, and where the network's own logits are no numbers to compare with.
 */
export async function verifySame(
  written: Pick<Teacher, 'infer'>,
  original: Pick<Teacher, 'infer'>,
  shape: readonly number[],
  tolerance = TOLERANCE,
  split: Pick<DatasetSplit, 'images'> | null = null,
): Promise<Verified> {
  let [images, maxDifference, scale] = [0, 0, 0];
  const probes = probeImages(shape);
  const generated = probes.reduce((sum, { shape: [count = 0] }) => sum + count, 0);
  for await (const batch of batchesOf(probes, split)) {
    const [{ logits: found }, { logits: wanted }] = [
      await written.infer(batch, ['logits']),
      await original.infer(batch, ['logits']),
    ];
    if (found!.shape.join() !== wanted!.shape.join()) throw different(`logits [${found!.shape.join(', ')}]`);
    images += batch.shape[0]!;
    const strange = wanted!.data.find((value) => !Number.isFinite(value));
    if (strange !== undefined) throw notFinite(strange);
    wanted!.data.forEach((value, i) => {
      scale = Math.max(scale, Math.abs(value));
      const difference = Math.abs(found!.data[i]! - value);
      if (!Number.isFinite(difference)) throw different(`a logit that is ${found!.data[i]}`);
      maxDifference = Math.max(maxDifference, difference);
    });
  }
  if (maxDifference > tolerance * scale)
    throw different(`logits that differ by ${maxDifference}`, tolerance * scale);
  return { images, ofData: images - generated, maxDifference, scale };
}

async function* batchesOf(
  probes: readonly HostTensor[],
  split: Pick<DatasetSplit, 'images'> | null,
): AsyncGenerator<HostTensor> {
  yield* probes;
  if (split !== null) yield* firstImages(split, CHECKED_IMAGES);
}

const notFinite = (received: number): AncError =>
  new AncError(
    'ANC_EXPORT',
    "the network's own logits are not finite, so nothing can be compared with them. The written file was removed.",
    {
      expected: 'a network whose logits are numbers',
      received: `a logit that is ${received}`,
      hint: 'the training diverged, or the file is damaged: export another checkpoint.',
    },
  );

const different = (received: string, limit?: number): AncError =>
  new AncError(
    'ANC_EXPORT',
    'the written file, read back, gives other logits than the network. It was removed.',
    {
      received,
      ...(limit === undefined ? {} : { expected: `differences below ${limit}` }),
      hint: 'please report it with the model and its options.',
    },
  );
