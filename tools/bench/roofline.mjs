/**
 * The peak of these processors in float32: the highest rate among products of large matrices and convolutions of several
 * widths, frozen weights and trained ones, in the runtime that is measured against it. What a network reaches lies
 * below it, as its layers are such operations and others that are slower.
 */
import {
  conv2d,
  flatten,
  dense,
  globalAveragePool,
  LayeredClassifier,
  relu,
  Rng,
  sizeOf,
  tap,
} from '@anc/core';
import { compileClassifier } from '@anc/core/internal';
import * as tf from '@tensorflow/tfjs-core';

/** Convolutions: side of the images, channels, side of the kernel. */
const CONVOLUTIONS = [
  [32, 16, 3],
  [32, 64, 3],
  [16, 64, 3],
  [8, 64, 3],
  [14, 192, 3],
  [14, 96, 5],
];
const SIDES_OF_MATRICES = [512, 1024, 2048];
/** Operations of one kind in a row, so that what comes before and after them hardly counts. */
const COUNT = 6;

const random = (rng, shape) => ({
  shape,
  data: Float32Array.from({ length: sizeOf(shape) }, () => 0.1 * rng.normal()),
});

async function product(backend, rng, side) {
  const x = random(rng, [side, side]);
  const spec = { id: `product ${side}`, inputs: { x: { shape: x.shape, dtype: 'float32' } } };
  const compiled = await backend.compileFunction(({ x }) => {
    let y = x;
    for (let i = 0; i < COUNT; i++) y = tf.matMul(y, x);
    return { y: tf.sum(y) };
  }, spec);
  return {
    name: `product of ${side}×${side} matrices`,
    run: () => compiled.run({ x }),
    dispose: () => compiled.dispose(),
    flops: COUNT * 2 * side ** 3,
  };
}

async function convolution(backend, rng, batch, [side, channels, kernel]) {
  const input = [side, side, channels];
  const layers = Array.from({ length: COUNT }, (_, i) => [
    conv2d(`conv${i}`, { kernelSize: kernel, filters: channels }),
    relu(`relu${i}`),
  ]).flat();
  const head = [
    globalAveragePool('pool'),
    flatten('flatten'),
    tap('features'),
    dense('logits', { units: 2 }),
  ];
  const network = new LayeredClassifier('roofline', 2, [...layers, ...head]);
  const variables = network.init(rng, input);
  const shape = [batch, ...input];
  const compiled = await compileClassifier({ backend, network, variables }, shape, ['logits']);
  const images = { shape, data: Uint8Array.from({ length: sizeOf(shape) }, () => rng.int(256)) };
  return {
    name: `${kernel}×${kernel} convolution ${channels}→${channels} at ${side}²`,
    run: () => compiled.run({ images }),
    dispose: () => compiled.dispose(),
    flops: COUNT * batch * side ** 2 * 2 * kernel ** 2 * channels ** 2,
  };
}

/**
 * Opens the operations on a backend; `measure` times each of them once and keeps the rates, `peak` is the highest median
 * rate, in FLOP/ms, and whose it is.
 */
export async function openRoofline(backend, batch, median) {
  const rng = Rng.fromSeed(1);
  const operations = [];
  for (const side of SIDES_OF_MATRICES) operations.push(await product(backend, rng, side));
  for (const shape of CONVOLUTIONS) operations.push(await convolution(backend, rng, batch, shape));
  for (const operation of operations) await operation.run();
  const rates = new Map(operations.map(({ name }) => [name, []]));
  return {
    async measure() {
      for (const { name, run, flops } of operations) {
        const started = performance.now();
        await run();
        rates.get(name).push(flops / (performance.now() - started));
      }
    },
    peak: () =>
      [...rates]
        .map(([name, all]) => ({ name, rate: median(all) }))
        .reduce((best, each) => (each.rate > best.rate ? each : best)),
    async dispose() {
      for (const { dispose } of operations) await dispose();
    },
  };
}
