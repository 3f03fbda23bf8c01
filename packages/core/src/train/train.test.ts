import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import type { CompiledStep } from '../contracts/backend.js';
import type { ImageBatch } from '../contracts/dataset.js';
import type { Stage } from '../contracts/method.js';
import type { Phase, Step, StepSpec } from '../contracts/step.js';
import type { TeacherOutputs } from '../contracts/teacher.js';
import { EagerBackend } from '../eager/eager-backend.js';
import { scalarFrom } from '../step/component-result.js';
import { filled, mapTree, type HostTensor, type Tree } from '../tree/tree.js';
import type { BatchSource } from './batches.js';
import type { TrainingEvent } from './events.js';
import { train, type TrainOptions } from './train.js';

/** Counts what it compiles. */
class CountingBackend extends EagerBackend {
  readonly compiled: string[] = [];

  override compile(step: Step, spec: StepSpec): Promise<CompiledStep> {
    this.compiled.push(spec.phases!.join('+'));
    return super.compile(step, spec);
  }
}

const backend = new EagerBackend('cpu');
const B = 2;

/** Batch i of epoch e holds the byte 10·e + i + 1 in every pixel. */
const valueOf = (epoch: number, i: number): number => 10 * epoch + i + 1;

/** `begun` collects what was requested of the source. */
function source(stepsPerEpoch: number, begun: string[] = []): BatchSource {
  return {
    stepsPerEpoch,
    shape: [2, 2, 1],
    *epoch(epoch, from) {
      begun.push(`epoch ${epoch} from ${from}`);
      for (let i = from; i < stepsPerEpoch; i++) {
        const images = new Uint8Array(4 * B).fill(valueOf(epoch, i));
        yield { indices: Int32Array.of(i, i), views: new Int32Array(B), images };
      }
    },
  };
}

/** w goes down by rate · v, v the batch's pixels; a draw of noise is added to `noise`; the loss is v. */
const student: Phase = {
  name: 'student',
  gradients({ noise }, { images }, _hyper, context) {
    const v = tf.mean<Scalar>(images!);
    const drawn = tf.mean(context.noise('mask', [B, 3], { kind: 'uniform', low: 0, high: 1 }));
    return {
      grads: { w: v },
      stats: { noise: tf.add(noise!, drawn) },
      metrics: { 'loss/student': v, flat: tf.scalar(NaN) },
    };
  },
  update: ({ w }, grads, { rate }) => ({ w: tf.sub(w!, tf.mul(grads.w!, rate!)) }),
};

const stageOf = (rest: Partial<Stage> = {}, phases: readonly Phase[] = [student]): Stage => ({
  name: 'toy',
  teacherOutputs: [],
  usesLabels: false,
  step: { id: 'toy', phases },
  init: () => ({ w: filled([]), noise: filled([]) }),
  next: () => ({ hyper: { rate: 1 }, phases: phases.map(({ name }) => name) }),
  student: () => ({ params: {}, stats: {} }),
  ...rest,
});

interface Result {
  readonly events: readonly TrainingEvent[];
  readonly state: Tree<HostTensor>;
}

/** Trains; raises the signal after step `stopAt`. */
async function run(options: Partial<TrainOptions> = {}, stopAt = Infinity): Promise<Result> {
  const stage = options.stage ?? stageOf();
  const controller = new AbortController();
  const events: TrainingEvent[] = [];
  let state: Tree<HostTensor> = {};
  for await (const event of train({
    backend,
    stage,
    batches: source(3),
    teacher: null,
    epochs: 2,
    seed: 5,
    state: { w: filled([]), noise: filled([]) },
    signal: controller.signal,
    ...options,
  })) {
    events.push(event);
    if (event.type === 'step' && event.progress.step === stopAt) controller.abort();
    if (event.type === 'done' || event.type === 'interrupted') state = await event.snapshot();
  }
  return { events, state };
}

const typesOf = ({ events }: Result): string[] =>
  events.map(({ type, progress }) => `${type} ${progress.step}`);
const epochsOf = ({ events }: Result) => events.filter((event) => event.type === 'epoch');
const valuesOf = ({ state }: Result): Record<string, number> => mapTree(state, ({ data }) => data[0]!);

describe('train', () => {
  it('reports steps, metrics at the interval and at the end of an epoch, epochs, and the end', async () => {
    expect(typesOf(await run({ metricsEvery: 2 }))).toEqual([
      ...['step 1', 'step 2', 'metrics 2', 'step 3', 'metrics 3', 'epoch 3'],
      ...['step 4', 'metrics 4', 'step 5', 'step 6', 'metrics 6', 'epoch 6', 'done 6'],
    ]);
  });

  it('gives the means since the last readback, and those of the epoch', async () => {
    const result = await run({ metricsEvery: 2 });
    const means = result.events.flatMap((event) =>
      event.type === 'metrics' ? [event.metrics['loss/student']] : [],
    );
    expect(means).toEqual([1.5, 3, 11, 12.5]);
    expect(epochsOf(result).map(({ metrics }) => metrics['loss/student'])).toEqual([2, 12]);
    expect(epochsOf(result).map(({ progress }) => progress)).toEqual([
      { epoch: 0, epochs: 2, step: 3, stepsPerEpoch: 3 },
      { epoch: 1, epochs: 2, step: 6, stepsPerEpoch: 3 },
    ]);
    expect(epochsOf(result)[0]).toMatchObject({
      diagnostics: null,
      alarms: [],
      position: { step: 3, accumulator: { count: 0, sums: {} } },
    });
  });

  it('updates the state with every batch, at the rates that the stage gives for the step', async () => {
    const seen: number[] = [];
    const stage = stageOf({
      next: ({ step, epoch, epochs, stepsPerEpoch }) => {
        expect([epoch, epochs, stepsPerEpoch]).toEqual([Math.floor(step / 3), 2, 3]);
        seen.push(step);
        return { hyper: { rate: step === 0 ? 100 : 1 }, phases: ['student'] };
      },
    });
    const { w } = valuesOf(await run({ stage }));
    expect(seen).toEqual([0, 1, 2, 3, 4, 5]);
    expect(w).toBe(-(100 * 1 + 2 + 3 + 11 + 12 + 13));
  });

  it('draws noise by seed and step', async () => {
    const noise = async (seed: number, epochs: number): Promise<number> =>
      valuesOf(await run({ seed, epochs })).noise!;
    const [one, two] = [await noise(5, 1), await noise(5, 2)];
    expect(await noise(5, 1)).toBe(one);
    expect(await noise(6, 1)).not.toBe(one);
    expect(two - one).not.toBeCloseTo(one, 6); // other steps, other noise
  });

  it('starts from the state that it is given, and does nothing without epochs', async () => {
    const state = { w: filled([], 3), noise: filled([], 4) };
    const result = await run({ epochs: 0, state });
    expect(typesOf(result)).toEqual(['done 0']);
    expect(valuesOf(result)).toEqual({ w: 3, noise: 4 });
  });

  it('compiles a step once for each combination of phases, and averages over all of them', async () => {
    const counting = new CountingBackend('cpu');
    const other: Phase = {
      name: 'other',
      gradients: () => ({ grads: {}, stats: {}, metrics: { 'loss/other': tf.scalar(6) } }),
      update: () => ({}),
    };
    const stage = stageOf(
      {
        next: ({ step }) => ({
          hyper: { rate: 1 },
          phases: step % 2 === 0 ? ['student'] : ['other', 'student', 'student'],
        }),
      },
      [student, other],
    );
    const result = await run({ backend: counting, stage, epochs: 1 });
    expect(counting.compiled).toEqual(['student', 'other+student+student']);
    expect(valuesOf(result).w).toBe(-(1 + 2 * 2 + 3));
    expect(epochsOf(result)[0]!.metrics['loss/other']).toBe(6); // of the steps that had it
  });
});

describe('an interruption', () => {
  it('in an epoch ends with the position, from where the same bytes and metrics follow', async () => {
    const whole = await run();
    const first = await run({}, 4);
    expect(typesOf(first).slice(-3)).toEqual(['step 4', 'metrics 4', 'interrupted 4']);
    const last = first.events.at(-1)!;
    if (last.type !== 'interrupted') return expect.fail();
    expect(last.position).toMatchObject({ step: 4, accumulator: { count: 1, sums: { 'loss/student': 11 } } });

    const begun: string[] = [];
    const rest = await run({ state: first.state, from: last.position, batches: source(3, begun) });
    expect(begun).toEqual(['epoch 1 from 1']);
    expect(rest.state).toEqual(whole.state);
    expect(epochsOf(rest)[0]!.metrics).toEqual(epochsOf(whole)[1]!.metrics);
  });

  it('at the end of an epoch reports the epoch first', async () => {
    const first = await run({}, 3);
    expect(typesOf(first).slice(-2)).toEqual(['epoch 3', 'interrupted 3']);
    const last = first.events.at(-1)!;
    if (last.type !== 'interrupted') return expect.fail();
    expect(last.position).toEqual({ step: 3, accumulator: { count: 0, sums: {} } });
    const rest = await run({ state: first.state, from: last.position });
    expect(rest.state).toEqual((await run()).state);
  });

  it('in the last step comes too late', async () => {
    expect(typesOf(await run({}, 6)).at(-1)).toBe('done 6');
  });
});

describe('a checkpoint that is due', () => {
  it('is offered inside an epoch, from where the same bytes and metrics follow', async () => {
    const whole = await run();
    let asked = 0;
    const checkpointed = await run({ checkpointDue: () => ++asked === 2 });
    expect(typesOf(checkpointed).slice(0, 5)).toEqual([
      ...['step 1', 'step 2', 'metrics 2', 'checkpoint 2', 'step 3'],
    ]);
    expect(checkpointed.state).toEqual(whole.state);
    expect(epochsOf(checkpointed)).toMatchObject(epochsOf(whole).map(({ metrics }) => ({ metrics })));
    const at = checkpointed.events.find((event) => event.type === 'checkpoint')!;
    const rest = await run({ state: await at.snapshot(), from: at.position });
    expect(rest.state).toEqual(whole.state);
    expect(epochsOf(rest)[0]!.metrics).toEqual(epochsOf(whole)[0]!.metrics);
  });
});

describe('means of an epoch', () => {
  it('are the same bits wherever the epoch was interrupted, of losses that sums round', async () => {
    const thirds: Phase = {
      ...student,
      gradients: (...given) => {
        const found = student.gradients(...given);
        const { images } = given[1];
        return { ...found, metrics: { 'loss/student': tf.div<Scalar>(tf.mean(images!), 3) } };
      },
    };
    const options = { stage: stageOf({}, [thirds]), batches: source(9), epochs: 1 };
    const [whole] = epochsOf(await run(options));
    for (let step = 1; step < 9; step++) {
      const first = await run(options, step);
      const last = first.events.at(-1)!;
      if (last.type !== 'interrupted') return expect.fail();
      const position = JSON.parse(JSON.stringify(last.position)) as typeof last.position;
      const rest = await run({ ...options, state: first.state, from: position });
      expect(epochsOf(rest)[0]!.metrics).toEqual(whole!.metrics);
    }
  });
});

describe('what ends training with an error', () => {
  it('is a loss that is not finite, at the next readback', async () => {
    const infinite: Phase = {
      ...student,
      gradients: (...given) => {
        const found = student.gradients(...given);
        return { ...found, metrics: { 'loss/data': tf.div<Scalar>(1, tf.sub(1, tf.scalar(1))) } };
      },
    };
    await expect(run({ stage: stageOf({}, [infinite]), metricsEvery: 2 })).rejects.toMatchObject({
      code: 'ANC_DIVERGED',
      message:
        'training diverged in step 1: loss/data is Infinity. First, phase "student" returned a metric "loss/data" that is not finite.',
      detail: { received: 'Infinity' },
    });
  });

  it('is a state that is not finite although the losses are, at the next readback', async () => {
    const poisoned: Phase = {
      ...student,
      update: ({ w }, _grads, { rate }) => ({
        w: tf.add(w!, tf.div(tf.sub(rate!, rate!), tf.sub(rate!, rate!))),
      }),
    };
    const failed = run({ stage: stageOf({}, [poisoned]), metricsEvery: 2 });
    await expect(failed).rejects.toMatchObject({
      code: 'ANC_DIVERGED',
      message:
        'training diverged in one of the steps 1 to 2: a number of "w" is NaN. First, the update of phase "student" returned entries of the state that are not finite.',
    });
  });

  it('names the part that first returned what is not finite, of any micro-batch, and leaves no tensor behind', async () => {
    const shrinking: Phase = {
      ...student,
      gradients: (state, ...given) => {
        const found = student.gradients(state, ...given);
        const part = scalarFrom('term "mine"', 'loss', () => tf.mean(tf.log(tf.relu(state.w!))));
        const sum = scalarFrom('term "sum"', 'loss', () => tf.add(part, 1));
        return { ...found, metrics: { 'loss/sum': sum } };
      },
      update: ({ w }) => ({ w: tf.sub(w!, 1) }),
    };
    const state = { w: filled([], 4), noise: filled([]) };
    const before = tf.memory().numTensors;
    for (const accumulate of [1, 2]) {
      await expect(
        run({ stage: stageOf({}, [shrinking]), state, epochs: 4, metricsEvery: 50, accumulate }),
      ).rejects.toMatchObject({
        code: 'ANC_DIVERGED',
        message: expect.stringMatching(
          /^training diverged in step \d+: loss\/sum is -Infinity\. First, term "mine" returned from loss a number that is not finite\.$/,
        ) as string,
      });
    }
    expect(tf.memory().numTensors).toBe(before);
  });

  it('is an output of the teacher that is not finite, in its batch', async () => {
    const broken: TeacherOutputs = {
      outputs: ({ indices }) =>
        Promise.resolve({
          ab: { shape: [B, 2], data: Float32Array.of(0, 1, indices[0] === 1 ? NaN : 2, 3) },
        }),
    };
    const failed = run({ stage: stageOf({ teacherOutputs: ['ab'] }), teacher: broken });
    await expect(failed).rejects.toMatchObject({
      code: 'ANC_TEACHER_OUTPUT',
      detail: { received: 'NaN for training image 1' },
    });
  });

  it('is not another metric that is not finite', async () => {
    expect(epochsOf(await run())[0]!.metrics.flat).toBeNaN();
  });

  it('is a missing teacher or missing labels', async () => {
    const needy = stageOf({ teacherOutputs: ['logits'] });
    await expect(run({ stage: needy })).rejects.toMatchObject({ code: 'ANC_TEACHER' });
    await expect(run({ stage: stageOf({ usesLabels: true }) })).rejects.toMatchObject({ code: 'ANC_LABELS' });
  });

  it('leaves no tensor behind, nor does a consumer that stops', async () => {
    const before = tf.memory().numTensors;
    await run();
    await run({ stage: stageOf({ usesLabels: true }) }).catch(() => undefined);
    const state = { w: filled([]), noise: filled([]) };
    const stopped = train({
      backend,
      stage: stageOf(),
      batches: source(3),
      teacher: null,
      epochs: 1,
      seed: 1,
      state,
    });
    for await (const event of stopped) if (event.type === 'step') break;
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe("a step's inputs", () => {
  /** The names and shapes of the batch entries that a stage's step is given. */
  async function inputsOf(rest: Partial<Stage>, batches: BatchSource): Promise<Tree<readonly number[]>> {
    let seen: Tree<readonly number[]> = {};
    const looking: Phase = {
      ...student,
      gradients: (state, batch, ...given) => {
        seen = mapTree(batch, ({ shape }) => shape);
        return student.gradients(state, batch, ...given);
      },
    };
    await run({ stage: stageOf(rest, [looking]), batches, teacher, epochs: 1 });
    return seen;
  }
  const teacher: TeacherOutputs = {
    outputs: (_batch, names) =>
      Promise.resolve(Object.fromEntries(names.map((name) => [name, filled([B, name.length])]))),
  };
  const labeled: BatchSource = {
    ...source(1),
    *epoch(epoch, from) {
      for (const batch of source(1).epoch(epoch, from) as Iterable<ImageBatch>) {
        yield { ...batch, labels: Int32Array.of(0, 1) } as ImageBatch;
      }
    },
  };

  it('are images, the teacher outputs that the stage declares, and labels only where it uses them', async () => {
    const images = [B, 2, 2, 1];
    expect(await inputsOf({}, labeled)).toEqual({ images });
    expect(await inputsOf({ teacherOutputs: ['ab', 'abc'], usesLabels: true }, labeled)).toEqual({
      images,
      labels: [B],
      'teacher/ab': [B, 2],
      'teacher/abc': [B, 3],
    });
  });

  it('are prepared while the step before runs', async () => {
    const log: string[] = [];
    const slow: TeacherOutputs = {
      outputs(batch, names) {
        log.push(`teacher ${batch.indices[0]}`);
        return teacher.outputs(batch, names);
      },
    };
    const stage = stageOf({ teacherOutputs: ['ab'] });
    const state = { w: filled([]), noise: filled([]) };
    for await (const event of train({
      backend,
      stage,
      batches: source(3),
      teacher: slow,
      epochs: 1,
      seed: 1,
      state,
    })) {
      if (event.type === 'step') log.push(`step ${event.progress.step}`);
    }
    expect(log).toEqual(['teacher 0', 'teacher 1', 'step 1', 'teacher 2', 'step 2', 'step 3']);
  });
});

describe('a horizon', () => {
  it('ends the stage in the middle of an epoch, whose metrics are reported, and stretches schedules', async () => {
    const shares: number[] = [];
    const stage = stageOf({
      next: ({ step, epochs, stepsPerEpoch }) => {
        shares.push(step / (epochs * stepsPerEpoch));
        return { hyper: { rate: 1 }, phases: ['student'] };
      },
    });
    const expected = [2, 8, 8, 10, 10, 5];
    const { events, state } = await run({ stage, horizon: { steps: (step) => expected[step]! } });
    const epochs = events.filter(({ type }) => type === 'epoch');
    expect(epochs.map(({ progress }) => [progress.epoch, progress.step])).toEqual([
      [0, 3],
      [1, 5],
    ]);
    expect(events.at(-1)).toMatchObject({ type: 'done', progress: { step: 5, epochs: 2 } });
    expect(shares).toEqual([0, 1 / 8, 2 / 8, 3 / 10, 4 / 10]);
    const pixels = [valueOf(0, 0), valueOf(0, 1), valueOf(0, 2), valueOf(1, 0), valueOf(1, 1)];
    expect(state['w']!.data[0]).toBe(-pixels.reduce((sum, value) => sum + value, 0));
  });

  it('that is over trains nothing more', async () => {
    const { events } = await run({
      horizon: { steps: (step) => step },
      from: { step: 4, accumulator: { count: 0, sums: {} } },
    });
    expect(events.map(({ type }) => type)).toEqual(['done']);
  });
});
