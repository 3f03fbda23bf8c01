import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { isAncError, Rng, sizeOf, type HostTensor, type Step, type Tree } from '@anc/core';
import { compileClassifier } from '@anc/core/internal';
import { compileToyStep } from '@anc/testing/toy';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OnnxBackend } from '../src/index.js';
import { residualStudent, task, toyStep } from './toy-steps.js';

let onnx: OnnxBackend;

beforeAll(async () => {
  onnx = await OnnxBackend.create();
});
afterAll(async () => {
  await onnx.dispose();
});

const vector = (...values: number[]): HostTensor => ({
  shape: [values.length],
  data: Float32Array.from(values),
});
const leaf = { shape: [2], dtype: 'float32' } as const;

/** w ← w + rate · x, with the sum of x as a metric. */
const adding = (rate: number): Step => ({
  id: `adding ${rate}`,
  phases: [
    {
      name: 'add',
      gradients: (_state, { x }) => ({
        grads: { w: x! },
        stats: {},
        metrics: { sum: tf.sum<tf.Scalar>(x!) },
      }),
      update: ({ w }, grads) => ({ w: tf.add(w!, tf.mul(grads['w']!, rate)) }),
    },
  ],
});
const spec = { state: { w: leaf, untouched: leaf }, batch: { x: leaf }, hyper: [] };
const call = (x: HostTensor): Parameters<Awaited<ReturnType<OnnxBackend['compile']>>['run']>[1] => ({
  batch: { x },
  hyper: {},
  noise: { seed: 0, step: 0 },
});

async function codeOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'none',
    (error: unknown) => (isAncError(error) ? error.code : (error as Error).name),
  );
}

describe('OnnxBackend', () => {
  it('lets several compiled steps share a state, and reads and writes it', async () => {
    const state = await onnx.upload({ w: vector(1, 2), untouched: vector(7, 8) });
    const [one, ten] = [await onnx.compile(adding(1), spec), await onnx.compile(adding(10), spec)];
    await one.run(state, call(vector(1, 1)));
    await ten.run(state, call(vector(1, 0)));
    await one.run(state, call(vector(0, 3)));
    expect(await state.read()).toEqual({ w: vector(12, 6), untouched: vector(7, 8) });
    await state.write({ w: vector(0, 0) });
    await ten.run(state, call(vector(1, 2)));
    expect(await state.read(['w'])).toEqual({ w: vector(10, 20) });
    expect(await codeOf(state.read(['nothing']))).toBe('ANC_TREE');
    expect(await codeOf(state.write({ w: vector(1) }))).toBe('ANC_SHAPE');
    await Promise.all([one.dispose(), ten.dispose(), state.dispose()]);
  });

  it('returns the means of the metrics since the last call', async () => {
    const state = await onnx.upload({ w: vector(0, 0), untouched: vector(0, 0) });
    const step = await onnx.compile(adding(1), spec);
    expect(await step.metrics()).toEqual({});
    await step.run(state, call(vector(1, 2)));
    await step.run(state, call(vector(4, 5)));
    expect(await step.metrics()).toEqual({ sum: 6 });
    expect(await step.metrics()).toEqual({});
    await step.dispose();
    await state.dispose();
  });

  it('uploads and reads back tensors of rank 4 unchanged', async () => {
    const data = Float32Array.from({ length: 2 * 3 * 4 * 5 }, (_, i) => i);
    const filter = { shape: [2, 3, 4, 5], data };
    const state = await onnx.upload({ filter });
    expect(await state.read()).toEqual({ filter });
    await state.dispose();
  });

  it('compiles a step once for all its users', async () => {
    const [a, b] = [await onnx.compile(adding(3), spec), await onnx.compile(adding(3), spec)];
    await a.dispose();
    const state = await onnx.upload({ w: vector(0, 0), untouched: vector(0, 0) });
    await b.run(state, call(vector(1, 1)));
    expect(await state.read(['w'])).toEqual({ w: vector(3, 3) });
    await b.dispose();
    expect(await codeOf(b.run(state, call(vector(1, 1))))).toBe('ANC_ENGINE');
    await state.dispose();
  });

  it('reports wrong inputs', async () => {
    const state = await onnx.upload({ w: vector(0, 0), untouched: vector(0, 0) });
    const step = await onnx.compile(adding(1), spec);
    expect(await codeOf(step.run(state, call(vector(1, 2, 3))))).toBe('ANC_FEED');
    expect(await codeOf(step.run(state, { ...call(vector(1, 2)), batch: {} }))).toBe('ANC_FEED');
    const other = await OnnxBackend.create();
    const foreign = await other.upload({ w: vector(0, 0), untouched: vector(0, 0) });
    expect(await codeOf(step.run(foreign, call(vector(1, 2))))).toBe('ANC_STATE');
    await other.dispose();
    expect(await codeOf(other.upload({}))).toBe('ANC_ENGINE');
    await step.dispose();
    await state.dispose();
  });

  it('does not compile when aborted before', async () => {
    expect(await codeOf(onnx.compile(adding(1), spec, { signal: AbortSignal.abort() }))).toBe('AbortError');
  });

  it('takes bytes and constants in functions', async () => {
    const f = await onnx.compileFunction(
      ({ image, scale }) => ({ y: tf.mul(image!, scale!) }),
      { id: 'bytes', inputs: { image: { shape: [2], dtype: 'uint8' } } },
      { scale: vector(2, 3) },
    );
    expect(await f.run({ image: { shape: [2], data: Uint8Array.of(200, 100) } })).toEqual({
      y: vector(400, 300),
    });
    await f.dispose();
  });

  it('gives the same bytes for images in chunks', async () => {
    const { image } = task;
    const network = residualStudent(task, 16);
    const variables = network.init(Rng.fromSeed(1), image);
    const rng = Rng.fromSeed(2);
    const shape = [64, ...image];
    const images: HostTensor = {
      shape,
      data: Uint8Array.from({ length: sizeOf(shape) }, () => rng.int(256)),
    };
    const outputs = async (cache: number | null): Promise<Tree<HostTensor>> => {
      const backend = Object.create(onnx, { cache: { value: cache } }) as OnnxBackend;
      const compiled = await compileClassifier({ backend, network, variables }, shape, [
        'logits',
        'features',
      ]);
      const found = await compiled.run({ images });
      await compiled.dispose();
      return found;
    };
    const whole = await outputs(null);
    expect(whole['features']!.shape).toEqual([64, 8]);
    const row = 4 * image[0] * image[1] * 16; // the first layers give 16 channels
    expect(await outputs(16 * row)).toEqual(whole);
  });

  it('does not leak memory over many steps', async () => {
    const toy = toyStep();
    const device = await onnx.upload(toy.initial());
    const step = await compileToyStep(onnx, toy);
    const growthOver = async (steps: number): Promise<number> => {
      const before = process.memoryUsage().rss;
      for (let i = 0; i < steps; i++) await step.run(device, toy.inputs(0));
      return process.memoryUsage().rss - before;
    };
    await growthOver(400);
    const { numTensors } = tf.memory();
    // A state is 25 kB here: 600 leaked copies would be 15 MB and more, every time. The garbage collector adds some at times.
    const growths: number[] = [];
    do growths.push(await growthOver(600));
    while (growths.at(-1)! >= 12 * 2 ** 20 && growths.length < 4);
    expect(Math.min(...growths)).toBeLessThan(12 * 2 ** 20);
    expect(tf.memory().numTensors - numTensors).toBeLessThan(50);
    await step.dispose();
    await device.dispose();
  });

  it('lets the process end, disposed or not, and prints nothing', async () => {
    const built = new URL('../dist/index.js', import.meta.url).href;
    for (const last of ['await backend.dispose();', '']) {
      const script = `import { OnnxBackend } from '${built}';
        const backend = await OnnxBackend.create();
        const state = await backend.upload({ w: { shape: [1], data: new Float32Array(1) } });
        await state.read(); ${last} console.log('done');`;
      const run = promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
        cwd: fileURLToPath(new URL('..', import.meta.url)),
        timeout: 30_000,
      });
      expect(await run).toEqual({ stdout: 'done\n', stderr: '' });
    }
  });
});
