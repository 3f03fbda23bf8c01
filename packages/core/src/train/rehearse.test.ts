import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import type { Stage } from '../contracts/method.js';
import type { Phase, Step, StepSpec } from '../contracts/step.js';
import { EagerBackend } from '../eager/eager-backend.js';
import { filled, type HostTensor, type Tree } from '../tree/tree.js';
import { rehearse } from './rehearse.js';

/** What a careless author does. */
// eslint-disable-next-line no-restricted-properties -- what is refused
const unseeded = (): number => Math.random();

const backend = new EagerBackend('cpu');

/** Shapes of the batch that a phase got, by the phase's name. */
type Seen = Record<string, Tree<readonly number[]>>;

const phase = (name: string, seen: Seen): Phase => ({
  name,
  gradients: (state, batch) => {
    seen[name] = Object.fromEntries(Object.entries(batch).map(([key, tensor]) => [key, tensor.shape]));
    return { grads: { w: state['w']! }, stats: {}, metrics: { [`loss/${name}`]: tf.scalar(0) } };
  },
  update: (state, grads) => ({ w: tf.sub(state['w']!, grads['w']!) }),
});

const stage = (name: string, phases: readonly Phase[], rest: Partial<Stage> = {}): Stage => ({
  name,
  teacherOutputs: ['logits'],
  usesLabels: false,
  step: { id: name, phases },
  init: (_rng, previous) => previous ?? { w: filled([3], 2) },
  next: () => ({ hyper: { learningRate: 0.1 }, phases: [phases[0]!.name] }),
  student: () => ({ params: {}, stats: {} }),
  ...rest,
});

const options = { backend, batchSize: 32, shape: [4, 4, 1], teacherOutputs: { logits: [10], features: [8] } };

describe('rehearse', () => {
  it('runs every phase of every stage, those that come later too, on the inputs that the stage declares', async () => {
    const [first, second]: [Seen, Seen] = [{}, {}];
    const previousStates: (readonly string[] | null)[] = [];
    await rehearse({
      ...options,
      stages: [
        stage('first', [phase('discriminator', first), phase('student', first)]),
        stage('second', [phase('student', second)], {
          teacherOutputs: [],
          usesLabels: true,
          init: (_rng, previous) => {
            previousStates.push(previous && Object.keys(previous));
            return previous!;
          },
        }),
      ],
    });
    const batch = { images: [2, 4, 4, 1], 'teacher/logits': [2, 10] };
    expect(first).toEqual({ discriminator: batch, student: batch });
    expect(second).toEqual({ student: { images: [2, 4, 4, 1], labels: [2] } });
    expect(previousStates).toEqual([['w'], ['w']]); // it is made twice
  });

  it.each([
    [true, 2],
    [false, 1],
  ])('with `repeats: %s` runs code %i times', async (repeats, times) => {
    const calls = { init: 0, gradients: 0 };
    const plain = phase('student', {});
    const counted: Phase = {
      ...plain,
      gradients: (...given) => (calls.gradients++, plain.gradients(...given)),
    };
    const init = (): Tree<HostTensor> => (calls.init++, { w: filled([3], 2) });
    await rehearse({ ...options, repeats, stages: [stage('counted', [counted], { init })] });
    expect(calls).toEqual({ init: times, gradients: times });
  });

  it('returns what prepares the first step as it is compiled first', async () => {
    const prepared: [string, StepSpec['phases']][] = [];
    const ahead = Object.assign(new EagerBackend('cpu'), {
      prepare: (step: Step, { phases }: StepSpec) => void prepared.push([step.id, phases]),
    });
    const phases = [phase('discriminator', {}), phase('student', {})];
    const next: Stage['next'] = () => ({ hyper: {}, phases: ['discriminator', 'student'] });
    const stages = [stage('both', phases, { next }), stage('second', phases)];
    const prepare = await rehearse({ ...options, backend: ahead, stages });
    expect(prepared).toEqual([]);
    prepare();
    expect(prepared).toEqual([['both', ['discriminator', 'student']]]);
    // A stage that begins with one of its phases compiles another step first.
    (await rehearse({ ...options, backend: ahead, stages: stages.toReversed() }))();
    expect(prepared).toHaveLength(1);
  });

  it('throws the error of the first step, and leaves no tensor behind', async () => {
    const before = tf.memory().numTensors;
    const broken: Phase = {
      ...phase('student', {}),
      update: (state) => ({ w: tf.add(state['w']!, tf.zeros([7])) }),
    };
    await expect(rehearse({ ...options, stages: [stage('broken', [broken])] })).rejects.toMatchObject({
      code: 'ANC_STAGE',
      message: expect.stringMatching(/"broken" fails: .*shape/) as string,
      detail: { received: expect.stringContaining('rehearse.test.ts') as string },
    });
    expect(tf.memory().numTensors).toBe(before);
  });

  let made = 0;
  it.each([
    ['draws its own random numbers', () => unseeded(), /"w" of stage "s" is another one/, /Math\.random at/],
    ['counts', () => ++made, /"w" of stage "s" is another one/, /other values/],
    ['divides by zero', () => NaN, /"w" of stage "s" is not finite/, /NaN at 0/],
  ])('refuses an initial state that %s', async (_how, value, message, received) => {
    const init = () => ({ w: filled([3], value()) });
    await expect(
      rehearse({ ...options, stages: [stage('s', [phase('student', {})], { init })] }),
    ).rejects.toMatchObject({
      code: 'ANC_STAGE_INIT',
      message: expect.stringMatching(message) as string,
      detail: { received: expect.stringMatching(received) as string },
    });
  });
});
