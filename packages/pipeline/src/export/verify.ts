import { AncError, Rng, sizeOf, type HostTensor, type Teacher } from '@anc/core';

export interface Verified {
  readonly images: number;
  /** Largest difference of two logits. */
  readonly maxDifference: number;
  /** Largest logit, by its size. */
  readonly scale: number;
}

/** Differences beyond this part of the largest logit are no rounding. */
export const TOLERANCE = 1e-4;

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
 * Compares what was written, read back, with what it was made of. Throws `ANC_EXPORT` where they differ by more than
 * `tolerance` times the largest logit, and where the network's own logits are no numbers to compare with.
 */
export async function verifySame(
  written: Pick<Teacher, 'infer'>,
  original: Pick<Teacher, 'infer'>,
  shape: readonly number[],
  tolerance = TOLERANCE,
): Promise<Verified> {
  let [images, maxDifference, scale] = [0, 0, 0];
  for (const batch of probeImages(shape)) {
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
  return { images, maxDifference, scale };
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
