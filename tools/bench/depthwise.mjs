/**
 * The rate of depthwise 3×3 convolutions, forward and both gradients, beside that of dense ones on the same images.
 *
 *   node tools/bench/depthwise.mjs [--batch 64] [--threads 2] [--rounds 12]
 *
 * Prints GFLOP/s of the fastest of interleaved runs (2 × multiply-adds, three passes) as compiled steps of the onnx
 * backend, and the depthwise rate as a share of the dense one.
 */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { filled, mapTree, Rng, sizeOf, specOf } from '@anc/core';
import { OnnxBackend } from '@anc/backend-onnx';
import * as tf from '@tensorflow/tfjs-core';

const { values: flags } = parseArgs({
  options: {
    batch: { type: 'string', default: '64' },
    threads: { type: 'string', default: `${availableParallelism()}` },
    rounds: { type: 'string', default: '12' },
  },
});
const batch = Number(flags.batch);
const shapes = [
  [32, 32],
  [32, 64],
  [16, 96],
  [16, 192],
  [8, 192],
  [8, 384],
  [4, 576],
];
const forms = {
  depthwise: {
    kernel: (channels) => [3, 3, channels, 1],
    apply: (x, w) => tf.depthwiseConv2d(x, w, 1, 'same'),
  },
  pointwise: {
    kernel: (channels) => [1, 1, channels, channels],
    apply: (x, w) => tf.conv2d(x, w, 1, 'same'),
  },
  dense: { kernel: (channels) => [3, 3, channels, channels], apply: (x, w) => tf.conv2d(x, w, 1, 'same') },
};

const rng = Rng.fromSeed(1);
const noise = (shape) => ({ shape, data: Float32Array.from({ length: sizeOf(shape) }, () => rng.normal()) });
const backend = await OnnxBackend.create({ threads: Number(flags.threads) });
const rows = [];
for (const [side, channels] of shapes) {
  const planes = [batch, channels, side, side]; // as images lie in memory inside a network
  const inputs = { x: noise(planes), dy: noise(planes) };
  const compiled = {};
  for (const [name, { kernel, apply }] of Object.entries(forms)) {
    const shape = kernel(channels);
    const gradients = (state, given) => {
      const [images, dy] = [given.x, given.dy].map((tensor) => tf.transpose(tensor, [0, 2, 3, 1]));
      const [dx, dw] = tf.grads((x, w) => tf.sum(tf.mul(apply(x, w), dy)))([images, state.w]);
      const output = apply(images, state.w);
      return { grads: { w: dw }, stats: {}, metrics: { dx: tf.max(dx), y: tf.max(output) } };
    };
    const step = {
      id: `${name} ${side} ${channels}`,
      phases: [{ name: 'only', gradients, update: (_state, grads) => ({ w: tf.mul(grads.w, 1e-3) }) }],
    };
    const state = { w: filled(shape, 0.01) };
    const spec = { state: mapTree(state, specOf), batch: mapTree(inputs, specOf), hyper: [] };
    compiled[name] = {
      step: await backend.compile(step, spec),
      state: await backend.upload(state),
      flops: 3 * 2 * batch * side * side * sizeOf(shape),
      best: Infinity,
    };
  }
  for (let round = 0; round < Number(flags.rounds); round++) {
    for (const each of Object.values(compiled)) {
      const start = performance.now();
      await each.step.run(each.state, { batch: inputs, hyper: {}, noise: { seed: 1, step: round } });
      await each.step.metrics();
      each.best = Math.min(each.best, performance.now() - start);
    }
  }
  const rate = Object.fromEntries(
    Object.entries(compiled).map(([name, { flops, best }]) => [name, flops / best / 1e6]),
  );
  rows.push({
    images: `${side}×${side}×${channels}`,
    'depthwise, ms': compiled.depthwise.best.toFixed(2),
    'dense, ms': compiled.dense.best.toFixed(2),
    'depthwise, GFLOP/s': rate.depthwise.toFixed(1),
    'pointwise, GFLOP/s': rate.pointwise.toFixed(1),
    'dense, GFLOP/s': rate.dense.toFixed(1),
    'share of dense': `${((100 * rate.depthwise) / rate.dense).toFixed(1)} %`,
  });
  for (const { step, state } of Object.values(compiled)) {
    await step.dispose();
    await state.dispose();
  }
}
await backend.dispose();
console.table(rows);
