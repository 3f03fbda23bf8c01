import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import { afterEach, describe, expect, it } from 'vitest';
import { EagerBackend } from '../eager/eager-backend.js';
import type { Step, StepSpec } from './step.js';

/** What a careless author does. */
// eslint-disable-next-line no-restricted-properties -- what is refused
const unseeded = (): number => Math.random();

const backend = new EagerBackend('cpu');
const spec: StepSpec = {
  state: { w: { shape: [3], dtype: 'float32' } },
  batch: { images: { shape: [2, 3], dtype: 'uint8' } },
  hyper: ['rate'],
};
const held: Tensor[] = [];
afterEach(() => {
  for (const tensor of held.splice(0)) tensor.dispose();
});

/** A step whose update is `change` of its one weight. */
const stepOf = (change: (w: Tensor) => Tensor): Step => ({
  id: 'toy',
  phases: [
    {
      name: 'student',
      gradients: (state) => ({
        grads: { w: state['w']! },
        stats: {},
        metrics: { 'loss/student': tf.mean<Scalar>(state['w']!) },
      }),
      update: (state) => ({ w: change(state['w']!) }),
    },
  ],
});
const scaled = (factor: () => number) => (w: Tensor) => tf.mul(w, factor());

describe('a rehearsal', () => {
  it('finds nothing in a step that depends on its inputs alone, not even tensors that gradients keep', async () => {
    const gradient = tf.grad((x: Tensor) => tf.sum(tf.square(x)));
    await backend.rehearse(
      stepOf((w) => tf.sub(w, gradient(w))),
      spec,
    );
  });

  let calls = 0;
  it.each([
    ['Math.random', unseeded],
    ['Date', () => Date.now() % 1000],
    ['Date', () => new Date().getHours() + 1],
    ['performance.now', () => performance.now()],
    ['crypto.getRandomValues', () => crypto.getRandomValues(new Uint32Array(1))[0]!],
  ])('refuses a step that depends on %s, with the line', async (source, factor) => {
    const refused = backend.rehearse(stepOf(scaled(factor)), spec);
    await expect(refused).rejects.toMatchObject({
      code: 'ANC_COMPILE_IMPURE',
      message: expect.stringContaining('(student)') as string,
      detail: {
        received: expect.stringMatching(
          new RegExp(`"w" differs; it uses ${source} at .*rehearse-twice\\.test\\.ts`),
        ) as string,
      },
    });
  });

  it.each([
    ['counts its calls', scaled(() => ++calls), '"w" differs'],
    ['keeps a tensor', (w: Tensor) => (held.push(tf.keep(tf.clone(w))), w), 'left 2 tensors behind'],
    ['makes a variable', (w: Tensor) => (held.push(tf.variable(w)), w), 'left 2 tensors behind'],
  ])('refuses a step that %s', async (_what, change, received) => {
    await expect(backend.rehearse(stepOf(change), spec)).rejects.toMatchObject({
      code: 'ANC_COMPILE_IMPURE',
      detail: { received: expect.stringContaining(received) as string },
    });
  });

  it.each([
    ['dataSync', (w: Tensor) => (w.dataSync()[0]! > 0 ? w : tf.neg(w))],
    ['an error that it catches', (w: Tensor) => (caught(() => w.dataSync()), w)],
    ['a promise that it does not wait for', (w: Tensor) => (void w.data(), w)],
  ])('refuses a step that reads values by %s, with the line', async (_how, change) => {
    await expect(backend.rehearse(stepOf(change), spec)).rejects.toMatchObject({
      code: 'ANC_COMPILE_READ',
      message: expect.stringContaining('rehearse-twice.test.ts') as string,
    });
  });

  it('leaves clock, random numbers and tensors as they were', async () => {
    const sources = () => [Date, Reflect.get(Math, 'random'), performance.now, crypto.getRandomValues];
    const before = sources();
    await backend.rehearse(stepOf(scaled(unseeded)), spec).catch(() => undefined);
    expect(sources()).toEqual(before);
    expect(tf.tidy(() => tf.scalar(2).dataSync()[0])).toBe(2);
  });
});

function caught(read: () => unknown): void {
  try {
    read();
  } catch {
    // as a careless author does
  }
}
