/**
 * Which form of a convolution's filter gradient is fastest for which shape, on this machine.
 *
 *   node tools/bench/filter-gradient.mjs [--batch 128] [--threads 2] [--rounds 12] [--runtime auto|node|web]
 *
 * Prints milliseconds per form (the fastest of interleaved runs) and the form that the lowering chooses: if that is not
 * the fastest on an idle machine, change `fastestForm` in packages/compiler/src/lower/filter-gradient.ts.
 */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { filled, mapTree, Rng, sizeOf, specOf } from '@anc/core';
import { OnnxBackend } from '@anc/backend-onnx';
import { fastestForm, filterGradientForms, forcedForm, suits } from '@anc/compiler';
import * as tf from '@tensorflow/tfjs-core';

const { values: flags } = parseArgs({
  options: {
    batch: { type: 'string', default: '128' },
    threads: { type: 'string', default: `${availableParallelism()}` },
    rounds: { type: 'string', default: '12' },
    runtime: { type: 'string', default: 'auto' },
  },
});
const batch = Number(flags.batch);
const shapes = [
  { name: 'lenet4 conv1', side: 28, input: 1, output: 64, size: 5, pad: 'valid', stride: 1 },
  { name: 'lenet4 conv2', side: 12, input: 64, output: 128, size: 5, pad: 'valid', stride: 1 },
  { name: 'resnet first', side: 32, input: 3, output: 16, size: 3, pad: 'same', stride: 1 },
  { name: 'resnet 16', side: 32, input: 16, output: 16, size: 3, pad: 'same', stride: 1 },
  { name: 'resnet 16 to 32', side: 32, input: 16, output: 32, size: 3, pad: 1, stride: 2 },
  { name: 'resnet 32', side: 16, input: 32, output: 32, size: 3, pad: 'same', stride: 1 },
  { name: 'resnet 32 to 64', side: 16, input: 32, output: 64, size: 3, pad: 1, stride: 2 },
  { name: 'resnet 64', side: 8, input: 64, output: 64, size: 3, pad: 'same', stride: 1 },
  { name: 'projection 16 to 32', side: 32, input: 16, output: 32, size: 1, pad: 'valid', stride: 2 },
  { name: 'projection 64', side: 8, input: 64, output: 64, size: 1, pad: 'valid', stride: 1 },
];

const rng = Rng.fromSeed(1);
const noise = (shape) => ({ shape, data: Float32Array.from({ length: sizeOf(shape) }, () => rng.normal()) });
const backend = await OnnxBackend.create({ threads: Number(flags.threads), runtime: flags.runtime });
const rows = [];
for (const { name, side, input, output, size, pad, stride } of shapes) {
  const x = [batch, side, side, input];
  const filter = [size, size, input, output];
  const rounding = typeof pad === 'number' ? 'floor' : undefined;
  const window = tf.backend_util.computeConv2DInfo(x, filter, stride, 1, pad, rounding);
  // Inside a network both are [B, C, H, W] in memory.
  const planes = ([b, h, w, c]) => [b, c, h, w];
  const inputs = { x: noise(planes(x)), dy: noise(planes(window.outShape)) };
  const compiled = {};
  for (const form of Object.keys(filterGradientForms)) {
    if (!suits(form, window, backend.channelBlock)) continue;
    // The gradient of sum(conv(x) * dy), where dy stands for the rest of the network. In a step, because functions are
    // not lowered to NCHWc layout.
    const gradients = (_state, { x: image, dy }) =>
      forcedForm(form, () => {
        const [images, gradient] = [image, dy].map((tensor) => tf.transpose(tensor, [0, 2, 3, 1]));
        const loss = (w) => tf.sum(tf.mul(tf.conv2d(images, w, stride, pad, 'NHWC', 1, rounding), gradient));
        return { grads: { w: tf.grad(loss)(tf.zeros(filter)) }, stats: {}, metrics: {} };
      });
    const step = {
      id: `${name} ${form}`,
      phases: [{ name: 'only', gradients, update: (_state, grads) => grads }],
    };
    const state = { w: filled(filter) };
    const spec = { state: mapTree(state, specOf), batch: mapTree(inputs, specOf), hyper: [] };
    compiled[form] = {
      step: await backend.compile(step, spec),
      state: await backend.upload(state),
      best: Infinity,
    };
  }
  for (let round = 0; round < Number(flags.rounds); round++) {
    for (const each of Object.values(compiled)) {
      const start = performance.now();
      await each.step.run(each.state, { batch: inputs, hyper: {}, noise: { seed: 1, step: round } });
      each.best = Math.min(each.best, performance.now() - start);
    }
  }
  const times = Object.fromEntries(
    Object.entries(compiled).map(([form, { best }]) => [form, +best.toFixed(1)]),
  );
  const best = Object.entries(times).sort(([, a], [, b]) => a - b)[0][0];
  rows.push({ shape: name, ...times, fastest: best, chosen: fastestForm(window, backend.channelBlock) });
  for (const each of Object.values(compiled)) {
    await each.step.dispose();
    await each.state.dispose();
  }
}
console.table(rows);
await backend.dispose();
