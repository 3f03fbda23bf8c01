import { Rng, sizeOf } from '@anc/core';
import { onnxError, type ModelProto } from './proto.js';

/** Runs a batch of images and returns its outputs, row by row. */
export type RunBatch = (images: Uint8Array) => Promise<ArrayLike<number>>;

/**
 * Measured on PyTorch's ResNet-18, MobileNetV2, VGG-11, ShuffleNetV2 and SqueezeNet, as a share of the outputs' range:
 * 0 for float32, float16 and 8 bits with fixed scales; up to 0.021 where scales follow the batch (dynamic quantization);
 * 0.2 and more for normalization by the batch, in their layers or of their outputs.
 */
const OF_IMAGES = 0.01;
const OF_VALUES = 1e-4;
const OF_DYNAMIC = 0.1;

/** Operators that choose the scale of 8-bit values by the values themselves, and so by the whole batch. */
const DYNAMIC = /^Dynamic(Quantize|.*MatMul)/;
export const isDynamicallyQuantized = ({ graph }: ModelProto): boolean =>
  graph?.node?.some(({ opType }) => DYNAMIC.test(opType ?? '')) === true;

/**
 * Refuses a classifier whose outputs for an image depend on the other images of its batch, or on chance: runs one image
 * in two batches, beside noise and beside dark, flat images, which have another mean and deviation, and one of the
 * batches twice.
 *
 * @param shape of one image
 * @throws `ANC_ONNX`
 */
export async function assertIndependent(
  run: RunBatch,
  shape: readonly number[],
  batch: number,
  shown: string,
  isDynamic: boolean,
): Promise<void> {
  const size = sizeOf(shape);
  const rng = Rng.fromSeed(0).split('batch test');
  const noise = Uint8Array.from({ length: batch * size }, () => rng.int(256));
  const flat = new Uint8Array(batch * size);
  for (let i = 1; i < batch; i++) flat.fill(i % 2 === 0 ? 40 : 8, i * size, (i + 1) * size);
  flat.set(noise.subarray(0, size));
  const first = Array.from(await run(noise));
  const again = Array.from(await run(noise));
  const other = Array.from(await run(flat));
  const width = first.length / batch;
  if (!Number.isInteger(width) || other.length !== first.length) return;
  if (![first, again, other].flat().every((value) => Number.isFinite(value))) return; // a fault that shows later
  const tolerance = toleranceFor(first, other, width, isDynamic);
  if (largestDifference(first, again, first.length) > tolerance) {
    throw onnxError(`${shown}: its outputs are random.`, {
      expected: 'the same outputs for the same images',
      received: 'other outputs in a second run',
      hint: 'export it for inference: in PyTorch, model.eval() before torch.onnx.export.',
    });
  }
  const difference = largestDifference(first, other, width);
  if (difference <= tolerance) return;
  throw onnxError(`${shown}: its outputs for an image depend on the other images of the batch.`, {
    expected: 'the same outputs beside any images',
    received: `outputs that differ by ${difference.toPrecision(3)} of ${rangeOf([...first, ...other]).toPrecision(3)}`,
    hint: 'it normalizes by the batch, as in training: export it with model.eval(), and without statistics over the batch axis.',
  });
}

function toleranceFor(
  first: readonly number[],
  other: readonly number[],
  width: number,
  isDynamic: boolean,
): number {
  const all = [...first, ...other];
  if (isDynamic) return OF_DYNAMIC * rangeOf(all);
  const [least, most] = [new Float64Array(width).fill(Infinity), new Float64Array(width).fill(-Infinity)];
  let largest = 0;
  for (const [i, value] of all.entries()) {
    const output = i % width;
    least[output] = Math.min(least[output]!, value);
    most[output] = Math.max(most[output]!, value);
    largest = Math.max(largest, Math.abs(value));
  }
  const ofImages = most.reduce((widest, value, k) => Math.max(widest, value - least[k]!), 0);
  return Math.max(OF_IMAGES * ofImages, OF_VALUES * largest);
}

const rangeOf = (values: readonly number[]): number => {
  let [least, most] = [Infinity, -Infinity];
  for (const value of values) {
    least = Math.min(least, value);
    most = Math.max(most, value);
  }
  return most - least;
};

const largestDifference = (a: readonly number[], b: readonly number[], count: number): number =>
  a.slice(0, count).reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0);
