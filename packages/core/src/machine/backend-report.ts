import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { valueAndGradients } from '../autodiff/autodiff.js';
import type { Backend } from '../contracts/backend.js';
import type { Step } from '../contracts/step.js';
import { isAncError } from '../errors/error.js';
import { squaredDistance } from '../losses/losses.js';
import { Rng } from '../random/rng.js';
import { mapTree, sizeOf, specOf, type HostTensor, type Tree } from '../tree/tree.js';

/** What `doctor` reports about one backend. */
export interface BackendReport {
  readonly name: string;
  readonly usable: boolean;
  /** Why it is not usable; for a usable one a notice, or null. */
  readonly reason: string | null;
  /** How to make it usable: a command where there is one. */
  readonly remedy: string | null;
  /** A package that can be installed here and would make it usable, or faster: `webgpu@0.6.2`. */
  readonly install: string | null;
  readonly device: string | null;
  /** Bytes of the device's memory, where they are known. */
  readonly memory: number | null;
  readonly imagesPerSecond: number | null;
  /** Precisions that products can have on the device, where the backend says so: `['float32', 'float16']`. */
  readonly precisions?: readonly string[];
}

/** Images per second in batches of 4 below which a batch of 128 would take too long to measure. */
const SLOW = 16;

const IMAGE = [32, 32, 3] as const;

/** Kernels of a small network: two 3×3 convolutions with pooling, 10 logits. */
const SHAPES: Tree<readonly number[]> = {
  conv1: [3, 3, 3, 16],
  conv2: [3, 3, 16, 32],
  logits: [512, 10],
};

/** Forward, backward and a plain gradient step of a small convolutional network on CIFAR-sized images. */
const speedStep: Step = {
  id: 'speed measurement',
  phases: [
    {
      name: 'train',
      gradients(state, { images, targets }) {
        const found = valueAndGradients(({ conv1, conv2, logits }) => {
          const x = tf.sub(tf.div(images!, 127.5), 1); // [B, 32, 32, 3]
          const block = (from: Tensor, kernel: Tensor, stride: number): Tensor => {
            const convolved = tf.conv2d(from as tf.Tensor4D, kernel as tf.Tensor4D, stride, 'same');
            return tf.maxPool(tf.relu(convolved), 2, 2, 'valid');
          };
          const features = block(block(x, conv1!, 2), conv2!, 1); // [B, 4, 4, 32]
          const flat = tf.reshape(features, [images!.shape[0], 512]);
          return { loss: squaredDistance(tf.matMul(flat, logits!), targets!) };
        }, state);
        return { grads: found.grads, stats: {}, metrics: { 'loss/train': found.loss } };
      },
      update: (state, grads, { rate }) =>
        mapTree(state, (kernel, name) => tf.sub(kernel, tf.mul(grads[name]!, rate!))),
    },
  ],
};

/**
 * Measures training speed in images per second for about `seconds`: a small convolutional network on 32×32×3 images,
 * in batches of 4, or of 128 on a backend that is fast enough. The time ends with a readback of the metrics, so that
 * work still queued on a device counts. Where the first step alone takes far longer, it is the measurement.
 */
export async function imagesPerSecond(backend: Backend, seconds = 2): Promise<number> {
  const small = await measure(backend, 4, seconds / 4);
  return small > SLOW ? measure(backend, 128, (3 * seconds) / 4) : small;
}

async function measure(backend: Backend, batchSize: number, seconds: number): Promise<number> {
  const rng = Rng.fromSeed(1);
  const random = (shape: readonly number[], name: string): HostTensor => {
    const own = rng.split(name);
    const data = Float32Array.from({ length: sizeOf(shape) }, () => 0.05 * own.normal());
    return { shape, data };
  };
  const initial = mapTree(SHAPES, random);
  const pixels = new Uint8Array(batchSize * sizeOf(IMAGE)).map(() => rng.int(256));
  const batch: Tree<HostTensor> = {
    images: { shape: [batchSize, ...IMAGE], data: pixels },
    targets: random([batchSize, 10], 'targets'),
  };
  const step = await backend.compile(speedStep, {
    state: mapTree(initial, specOf),
    batch: mapTree(batch, specOf),
    hyper: ['rate'],
  });
  const state = await backend.upload(initial);
  /** Runs steps until the time is up; their images per second. */
  const run = async (limit: number): Promise<number> => {
    const start = performance.now();
    const elapsed = (): number => (performance.now() - start) / 1000;
    let steps = 0;
    do {
      for (let i = 0; i < 4 && (i === 0 || elapsed() < limit); i++) {
        await step.run(state, { batch, hyper: { rate: 1e-4 }, noise: { seed: 0, step: steps++ } });
      }
      await step.metrics();
    } while (elapsed() < limit);
    return (steps * batchSize) / elapsed();
  };
  try {
    const first = await run(0); // includes compiling kernels
    return batchSize / first > 8 * seconds ? first : await run(seconds);
  } finally {
    await step.dispose();
    await state.dispose();
  }
}

/** Opens a backend, measures its speed and closes it. An error becomes the reason; nothing is thrown. */
export async function reportBackend(
  name: string,
  open: () => Backend | Promise<Backend>,
  seconds = 2,
): Promise<BackendReport> {
  let backend: Backend | null = null;
  try {
    backend = await open();
    const speed = backend.capabilities.training ? await imagesPerSecond(backend, seconds) : null;
    const { device, memory, notice, install, precisions } = backend.environment; // some have a notice only after work
    return {
      name,
      usable: true,
      reason: typeof notice === 'string' ? notice : null,
      remedy: null,
      install: typeof install === 'string' ? install : null,
      device: device === undefined ? null : String(device),
      memory: typeof memory === 'number' ? memory : null,
      imagesPerSecond: speed,
      ...(typeof precisions === 'string' ? { precisions: precisions.split(', ') } : {}),
    };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const { received, hint, install } = isAncError(error) ? error.detail : {};
    return {
      name,
      usable: false,
      reason: received === undefined ? reason : `${reason} (${received})`,
      remedy: hint ?? null,
      install: install ?? null,
      device: null,
      memory: null,
      imagesPerSecond: null,
    };
  } finally {
    await backend?.dispose().catch(() => {}); // its report is complete
  }
}

/** The fastest usable backend, or null. */
export const fastest = (reports: readonly BackendReport[]): BackendReport | null =>
  reports.reduce<BackendReport | null>(
    (best, report) =>
      report.usable && (report.imagesPerSecond ?? 0) > (best?.imagesPerSecond ?? 0) ? report : best,
    null,
  );
