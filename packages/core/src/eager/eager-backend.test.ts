import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import type { Inputs } from '../contracts/backend.js';
import type { Phase, Step, StepSpec } from '../contracts/step.js';
import { filled, mapTree, specOf, type HostTensor, type Tree } from '../tree/tree.js';
import { EagerBackend } from './eager-backend.js';

const backend = new EagerBackend('cpu');

/** w goes down by rate · x; the loss is Σ x. */
const train: Phase = {
  name: 'train',
  gradients: (_state, { x }) => ({
    grads: { w: x! },
    stats: {},
    metrics: { 'loss/train': tf.sum<tf.Scalar>(x!) },
  }),
  update: ({ w }, grads, { rate }) => ({ w: tf.sub(w!, tf.mul(grads.w!, rate!)) }),
};
/** The same, and `copy` becomes the same tensor as w. */
const tie: Phase = {
  ...train,
  name: 'tie',
  update(...given) {
    const { w } = train.update(...given);
    return { w: w!, copy: w! };
  },
};
const step: Step = { id: 'toy', phases: [train, tie] };
const initial = (): Tree<HostTensor> => ({
  w: filled([2], 10),
  copy: filled([2]),
  bytes: { shape: [2], data: Uint8Array.of(1, 255) },
  n: { shape: [], data: Int32Array.of(7) },
});
const spec: StepSpec = {
  state: mapTree(initial(), specOf),
  batch: { x: { shape: [2], dtype: 'uint8' } },
  hyper: ['rate'],
  phases: ['train'],
};
const inputs = (a: number, b: number, rate = 1): Inputs => ({
  batch: { x: { shape: [2], data: Uint8Array.of(a, b) } },
  hyper: { rate },
  noise: { seed: 1, step: 0 },
});
const values = (tree: Tree<HostTensor>): Record<string, number[]> => mapTree(tree, ({ data }) => [...data]);

describe('EagerBackend', () => {
  it('is named after its tfjs backend unless its options give a name, and has their capabilities', () => {
    expect(backend).toMatchObject({ name: 'tfjs:cpu', cache: null, environment: { engine: 'cpu' } });
    const own = new EagerBackend('cpu', {
      name: 'own',
      capabilities: { training: false },
      environment: { device: 'toy' },
    });
    expect(own).toMatchObject({
      name: 'own',
      capabilities: { training: false, deterministic: true, compiled: false },
      environment: { tfjs: tf.version_core, engine: 'cpu', device: 'toy' },
    });
  });

  it('fails where tfjs has no backend of the name', async () => {
    await expect(new EagerBackend('abacus').upload({})).rejects.toThrow();
  });

  it('computes steps and functions, and nothing else, within what its options wrap around them', async () => {
    const log: string[] = [];
    const wrapped = new EagerBackend('cpu', {
      around: (what, compute) => {
        const result = compute();
        log.push(what);
        return result;
      },
    });
    const state = await wrapped.upload(initial());
    const compiled = await wrapped.compile(step, spec);
    await compiled.run(state, inputs(1, 2));
    expect(values(await state.read(['w']))).toEqual({ w: [9, 8] });
    const f = await wrapped.compileFunction(({ x }) => ({ x: tf.add(x!, 1) }), {
      id: 'f',
      inputs: { x: { shape: [1], dtype: 'float32' } },
    });
    expect(values(await f.run({ x: filled([1], 2) }))).toEqual({ x: [3] });
    expect(log).toEqual(['step', 'function']);
    await f.dispose();
    await compiled.dispose();
    await state.dispose();
  });

  it('closes what its options close', async () => {
    let closed = 0;
    await new EagerBackend('cpu', {
      close: () => {
        closed++;
      },
    }).dispose();
    expect(closed).toBe(1);
  });
});

describe('a state', () => {
  it('comes back as it was uploaded, bytes as float32, all of it or what is named', async () => {
    const state = await backend.upload(initial());
    expect(await state.read()).toEqual({
      ...initial(),
      bytes: { shape: [2], data: Float32Array.of(1, 255) },
    });
    expect(Object.keys(await state.read(['n']))).toEqual(['n']);
    await expect(state.read(['m'])).rejects.toMatchObject({ code: 'ANC_TREE' });
    await state.dispose();
  });

  it('is written to in place, in the same shape', async () => {
    const state = await backend.upload(initial());
    await state.write({ w: { shape: [2], data: Float32Array.of(3, 4) } });
    expect(values(await state.read(['w', 'n']))).toEqual({ w: [3, 4], n: [7] });
    await expect(state.write({ w: filled([3]) })).rejects.toMatchObject({
      code: 'ANC_SHAPE',
      detail: { expected: '[2]', received: '[3]' },
    });
    await expect(state.write({ m: filled([3]) })).rejects.toMatchObject({ code: 'ANC_TREE' });
    await state.dispose();
  });

  it('does not share memory with the host', async () => {
    const host = initial();
    const state = await backend.upload(host);
    (host.w!.data as Float32Array)[0] = -1;
    expect(values(await state.read(['w']))).toEqual({ w: [10, 10] });
    await state.dispose();
  });
});

describe('a step', () => {
  it('advances its state with every run and gives the means of its metrics since the last call', async () => {
    const compiled = await backend.compile(step, spec);
    const state = await backend.upload(initial());
    await compiled.run(state, inputs(1, 2));
    await compiled.run(state, inputs(3, 5, 0.5));
    expect(values(await state.read(['w', 'n']))).toEqual({ w: [7.5, 5.5], n: [7] });
    expect(await compiled.metrics()).toEqual({ 'loss/train': (3 + 8) / 2 });
    expect(await compiled.metrics()).toEqual({});
    await compiled.run(state, inputs(1, 1));
    expect(await compiled.metrics()).toEqual({ 'loss/train': 2 });
    await compiled.dispose();
    await state.dispose();
  });

  it('may return one tensor under two names', async () => {
    const both = await backend.compile(step, { ...spec, phases: ['tie'] });
    const one = await backend.compile(step, spec);
    const state = await backend.upload(initial());
    await both.run(state, inputs(1, 2));
    await one.run(state, inputs(1, 2));
    expect(values(await state.read(['w', 'copy']))).toEqual({ w: [8, 6], copy: [9, 8] });
    await state.dispose();
  });

  it('holds no more tensors after many runs than after one, and none when all is disposed of', async () => {
    const before = tf.memory().numTensors;
    const compiled = await backend.compile(step, spec);
    const state = await backend.upload(initial());
    await compiled.run(state, inputs(1, 2));
    const running = tf.memory().numTensors;
    for (let i = 0; i < 5; i++) await compiled.run(state, inputs(1, 2));
    expect(tf.memory().numTensors).toBe(running);
    await compiled.dispose();
    await state.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('refuses inputs that it was not compiled for, and a state of another backend', async () => {
    const compiled = await backend.compile(step, spec);
    const state = await backend.upload(initial());
    const { batch, hyper, noise } = inputs(1, 2);
    const refused = async (given: Inputs, of = state) =>
      expect(compiled.run(of, given)).rejects.toMatchObject({
        code: expect.stringMatching(/^ANC_/) as string,
      });
    await refused({ batch: {}, hyper, noise });
    await refused({ batch: { x: filled([2]) }, hyper, noise });
    await refused({ batch: { x: { shape: [3], data: new Uint8Array(3) } }, hyper, noise });
    await refused({ batch: { x: { shape: [2], data: new Uint8Array(3) } }, hyper, noise });
    await refused({ batch, hyper: {}, noise });
    await refused({ batch, hyper, noise }, await new EagerBackend('cpu').upload(initial()));
    expect(values(await state.read(['w']))).toEqual({ w: [10, 10] });
    await compiled.dispose();
    await state.dispose();
  });

  it('is not compiled for a signal that is aborted', async () => {
    await expect(backend.compile(step, spec, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      name: 'AbortError',
    });
  });
});

describe('a function', () => {
  it('takes inputs and constants by name, in inference mode, and gives its outputs', async () => {
    const compiled = await backend.compileFunction(
      ({ x, k }, context) => {
        expect(context.training).toBe(false);
        expect(() => context.noise('mask', [1], { kind: 'bernoulli', keep: 1 })).toThrow('inference mode');
        return { product: tf.mul(x!, k!), constant: k!, again: k! };
      },
      { id: 'f', inputs: { x: { shape: [2], dtype: 'float32' } } },
      { k: filled([], 3) },
    );
    const before = tf.memory().numTensors;
    const { product, constant, again } = await compiled.run({
      x: { shape: [2], data: Float32Array.of(1, 2) },
    });
    expect(values({ product: product!, constant: constant!, again: again! })).toEqual({
      product: [3, 6],
      constant: [3],
      again: [3],
    });
    expect(tf.memory().numTensors).toBe(before);
    await expect(compiled.run({ x: filled([3]) })).rejects.toMatchObject({ code: 'ANC_FEED' });
    await compiled.dispose();
    expect(tf.memory().numTensors).toBe(before - 1);
  });
});

describe('the device', () => {
  it('is checked before it is used and after a readback', async () => {
    let failed = false;
    const failing = new EagerBackend('cpu', {
      check: () => {
        if (failed) throw new Error('device lost');
      },
    });
    const state = await failing.upload(initial());
    failed = true;
    await expect(state.read()).rejects.toThrow('device lost');
    await expect(failing.upload(initial())).rejects.toThrow('device lost');
    failed = false;
    await state.dispose();
  });

  it('is waited for after every step', async () => {
    const log: string[] = [];
    const slow = new EagerBackend('cpu', {
      settled: () => {
        log.push('settled');
        return Promise.resolve();
      },
    });
    const compiled = await slow.compile(step, spec);
    const state = await slow.upload(initial());
    await compiled.run(state, inputs(1, 1));
    await compiled.run(state, inputs(1, 1));
    expect(log).toEqual(['settled', 'settled']);
    await compiled.dispose();
    await state.dispose();
  });
});
