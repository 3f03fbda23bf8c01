import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { HostTensor, TeacherOutputs, Variables } from '@anc/core';
import { liveTeacher } from '@anc/core/internal';
import { RunFolder } from '@anc/runtime';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { cornerTeacher } from '../../test/corner-teacher.js';
import { resolveFlat } from '../../test/flat-options.js';
import { tinyComposition, tinyOptions } from '../../test/tiny-plugins.js';
import type { RunEvent } from '../events/events.js';
import { HookRunner } from '../hooks/hook-runner.js';
import { planRun, type Plan, type PlannedModel } from '../planning/plan.js';
import type { TrainContext, TrainedModel } from './train-context.js';
import { trainModel } from './train-model.js';
import type { HeldOut } from './validation.js';

/** The primary metric of classification. */
const metric = { name: 'error', better: 'lower' } as const;

/** 48 images in batches of 16: three steps an epoch, for three epochs. */
const flat = {
  ...tinyOptions,
  epochs: 3,
  crop: 1,
  discriminator: 'mlp(units=[4])',
};
const { open, teacher } = cornerTeacher();
const outputs: TeacherOutputs = liveTeacher(teacher, [8, 8, 1]);

let plan: Plan;
let mixed: Plan;
beforeAll(async () => {
  const composition = tinyComposition();
  const planned = (more: object) =>
    planRun({ ...resolveFlat({ ...flat, ...more }), composition, openTeacher: open });
  plan = await planned({ methods: ['supervised', 'l2', 'adversarial'] });
  mixed = await planned({ methods: ['supervised', 'l2'], mixup: 0.4 });
});
afterAll(async () => {
  await plan.dispose();
  await mixed.dispose();
});

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'anc-train-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

const student = (name: string, { students }: Plan = plan): PlannedModel =>
  students.find((model) => model.name === name)!;

/** One attempt to train in a run folder; `onEvent` may abort it. */
class Attempt {
  readonly events: RunEvent[] = [];
  readonly kept: Variables<HostTensor>[] = [];
  readonly controller = new AbortController();

  constructor(
    readonly folder: RunFolder,
    readonly onEvent: (event: RunEvent, abort: () => void) => void = () => undefined,
    readonly more: Partial<TrainContext> = {},
  ) {}

  train(model: PlannedModel, { data, backends }: Plan = plan): Promise<TrainedModel | null> {
    const emit = (event: RunEvent): void => {
      this.events.push(event);
      this.onEvent(event, () => this.controller.abort());
    };
    return trainModel(model, model.needsTeacher ? outputs : null, {
      folder: this.folder,
      hooks: new HookRunner([], () => undefined),
      data,
      backend: backends.student,
      batchSize: 16,
      seed: model.seed,
      emit,
      signal: this.controller.signal,
      validation: null,
      keepBest: async (variables) => {
        this.kept.push(variables);
      },
      ...this.more,
    });
  }
}

const newFolder = (name: string): Promise<RunFolder> => RunFolder.create(join(root, name), '');

/** metrics.jsonl without durations. */
async function logOf(folder: RunFolder): Promise<object[]> {
  return (await folder.metrics.read()).map((record) => ({ ...record, seconds: undefined }));
}

/** Aborts after so many steps. */
const afterSteps = (count: number) => {
  let steps = 0;
  return (event: RunEvent, abort: () => void): void => {
    if (event.type === 'step' && ++steps === count) abort();
  };
};

async function uninterrupted(model: PlannedModel, more: Partial<TrainContext> = {}) {
  const folder = await newFolder('whole');
  const attempt = new Attempt(folder, undefined, more);
  const result = (await attempt.train(model))!;
  return { result, log: await logOf(folder), events: attempt.events, kept: attempt.kept };
}

describe('training without interruption', () => {
  it('reports every step, and every epoch with its metrics', async () => {
    const { events, result, log } = await uninterrupted(student('l2'));
    const steps = events.filter((event) => event.type === 'step');
    expect(steps.map(({ progress }) => progress.step)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(steps[0]).toMatchObject({
      model: 'l2',
      stage: { index: 1, count: 1 },
      progress: { epochs: 3, stepsPerEpoch: 3 },
      batchSize: 16,
    });
    const epochs = events.filter((event) => event.type === 'epoch');
    expect(epochs.map(({ progress }) => progress.epoch)).toEqual([0, 1, 2]);
    expect(log).toMatchObject(
      epochs.map(({ metrics }, epoch) => ({ event: 'epoch', epoch, step: 3 * (epoch + 1), metrics })),
    );
    expect(Object.keys(epochs[0]!.metrics)).not.toHaveLength(0);
    expect(result).toMatchObject({ diagnostics: null, held: null, best: null });
    expect(result.seconds).toBeGreaterThan(0);
  });

  it('changes all parameters of the student', async () => {
    const model = student('supervised');
    const initial = model.stages[0]!.student(model.stages[0]!.init(model.rng.split('stage', 0), null)).params;
    const { params } = (await uninterrupted(model)).result.variables;
    expect(Object.keys(params)).toEqual(Object.keys(initial));
    for (const [name, tensor] of Object.entries(params)) expect(tensor, name).not.toEqual(initial[name]);
  });

  it('gives the diagnostics of the last epoch of adversarial training', async () => {
    const { result, events } = await uninterrupted(student('adversarial'));
    const last = events.filter((event) => event.type === 'epoch').at(-1)!;
    expect(result.diagnostics).toEqual(last.diagnostics);
    expect(result.diagnostics).toMatchObject({ auc: expect.any(Number) as number });
  });

  it('leaves checkpoints for whoever continues, and the record of another model alone', async () => {
    const folder = await newFolder('run');
    await new Attempt(folder).train(student('supervised'));
    const before = await logOf(folder);
    await new Attempt(folder).train(student('l2'));
    expect((await readdir(join(folder.path, 'checkpoints'))).sort()).toEqual(['l2', 'supervised']);
    expect((await logOf(folder)).slice(0, 3)).toEqual(before);
    expect(await logOf(folder)).toHaveLength(6);
  });

  it('reads labels only where the stage uses them', async () => {
    const { data } = plan;
    const counted = (count: { labels: number }) => ({
      data: {
        ...data,
        train: {
          ...data.train,
          labels: () => {
            count.labels++;
            return data.train.labels!();
          },
        },
      },
    });
    const [without, with_] = [{ labels: 0 }, { labels: 0 }];
    await uninterrupted(student('l2'), counted(without));
    await rm(join(root, 'whole'), { recursive: true });
    await uninterrupted(student('supervised'), counted(with_));
    expect([without.labels, with_.labels]).toEqual([0, 1]);
    await rm(join(root, 'whole'), { recursive: true });
    const unlabeled = { data: { ...data, train: { ...data.train, labels: null } } };
    await expect(uninterrupted(student('supervised'), unlabeled)).rejects.toMatchObject({
      code: 'ANC_LABELS',
      message: expect.stringContaining('"supervised"') as string,
    });
  });

  it('mixes images where no label is read, and only there', async () => {
    for (const [name, changes] of [
      ['supervised', false],
      ['l2', true],
    ] as const) {
      const plain = await new Attempt(await newFolder(`${name}-plain`)).train(student(name));
      const mixing = await new Attempt(await newFolder(`${name}-mixed`)).train(student(name, mixed), mixed);
      if (changes) expect(mixing!.variables).not.toEqual(plain!.variables);
      else expect(mixing!.variables).toEqual(plain!.variables);
    }
  });
});

describe('training that was interrupted', () => {
  it.each([
    ['after the first epoch', 'l2', 3],
    ['after the second epoch', 'adversarial', 6],
    ['within an epoch', 'l2', 4],
    ['after the first step', 'adversarial', 1],
    ['within the last epoch', 'adversarial', 8],
    ['within an epoch', 'supervised', 5],
  ])('ends with the same weights and the same log: %s, %s', async (_when, name, steps) => {
    const whole = await uninterrupted(student(name));
    const folder = await newFolder('cut');
    const first = new Attempt(folder, afterSteps(steps));
    expect(await first.train(student(name))).toBeNull();
    expect(first.events.filter(({ type }) => type === 'step')).toHaveLength(steps);
    const second = new Attempt(folder);
    const result = (await second.train(student(name)))!;
    expect(second.events.filter(({ type }) => type === 'step')).toHaveLength(9 - steps);
    expect(result.variables).toEqual(whole.result.variables);
    expect(result.diagnostics).toEqual(whole.result.diagnostics);
    expect(await logOf(folder)).toEqual(whole.log);
  });

  it('leaves a checkpoint by time inside an epoch, from where a killed process continues', async () => {
    const whole = await uninterrupted(student('adversarial'));
    const folder = await newFolder('killed');
    const killed = new Attempt(
      folder,
      (event) => {
        if (event.type === 'step' && event.progress.step === 5) throw new Error('killed');
      },
      { checkpointMinutes: 1e-9 },
    );
    await expect(killed.train(student('adversarial'))).rejects.toThrow('killed');
    const rest = new Attempt(folder);
    const result = (await rest.train(student('adversarial')))!;
    expect(rest.events.find(({ type }) => type === 'step')).toMatchObject({ progress: { step: 5 } });
    expect(result.variables).toEqual(whole.result.variables);
    expect(result.diagnostics).toEqual(whole.result.diagnostics);
    expect(await logOf(folder)).toEqual(whole.log);
  });

  it('ends with the same weights where batches are cut into micro-batches', async () => {
    const more = { accumulate: 4 };
    const whole = await uninterrupted(student('adversarial'), more);
    const folder = await newFolder('cut');
    expect(await new Attempt(folder, afterSteps(4), more).train(student('adversarial'))).toBeNull();
    const result = (await new Attempt(folder, undefined, more).train(student('adversarial')))!;
    expect(result.variables).toEqual(whole.result.variables);
    expect(await logOf(folder)).toEqual(whole.log);
  });

  it('may be interrupted again and again', async () => {
    const whole = await uninterrupted(student('adversarial'));
    const folder = await newFolder('cut');
    for (let i = 0; i < 4; i++) {
      expect(await new Attempt(folder, afterSteps(2)).train(student('adversarial'))).toBeNull();
    }
    const result = (await new Attempt(folder).train(student('adversarial')))!;
    expect(result.variables).toEqual(whole.result.variables);
    expect(await logOf(folder)).toEqual(whole.log);
  });

  it('forgets what was logged after its newest checkpoint', async () => {
    const whole = await uninterrupted(student('l2'));
    const folder = await newFolder('crashed');
    await new Attempt(folder, afterSteps(3)).train(student('l2'));
    // The process logged the second epoch and ended before its checkpoint was whole; another model goes on.
    const [record] = await folder.metrics.read();
    await folder.metrics.append({ ...record!, epoch: 1, step: 6 });
    await folder.metrics.append({ ...record!, model: 'other', epoch: 1, step: 6 });
    await new Attempt(folder).train(student('l2'));
    const log = await logOf(folder);
    const other = { ...whole.log[0], player: 'other', model: 'other', epoch: 1, step: 6 };
    expect(log).toEqual([whole.log[0], other, ...whole.log.slice(1)]);
  });

  it('starts anew where there is no checkpoint, and forgets the log of before', async () => {
    const whole = await uninterrupted(student('l2'));
    const folder = await newFolder('crashed');
    await new Attempt(folder).train(student('l2'));
    await rm(join(folder.path, 'checkpoints'), { recursive: true });
    const result = (await new Attempt(folder).train(student('l2')))!;
    expect(result.variables).toEqual(whole.result.variables);
    expect(await logOf(folder)).toEqual(whole.log);
  });

  it('goes back to the checkpoint before a damaged one, with a notice', async () => {
    const whole = await uninterrupted(student('l2'));
    const folder = await newFolder('damaged');
    await new Attempt(folder, afterSteps(7)).train(student('l2'));
    const checkpoints = folder.checkpointsOf('l2');
    const newest = (await readdir(checkpoints))
      .filter((name) => name.endsWith('.safetensors'))
      .sort()
      .at(-1)!;
    const bytes = await readFile(join(checkpoints, newest));
    await writeFile(join(checkpoints, newest), bytes.subarray(0, bytes.length - 4));
    const second = new Attempt(folder);
    const result = (await second.train(student('l2')))!;
    expect(second.events.filter(({ type }) => type === 'notice')).toMatchObject([
      { message: expect.stringMatching(/cannot be used .*; going back to the one before\.$/) as string },
    ]);
    expect(second.events.filter(({ type }) => type === 'step')).toHaveLength(3); // from the end of the second epoch
    expect(result.variables).toEqual(whole.result.variables);
    expect(await logOf(folder)).toEqual(whole.log);
  });

  it('counts the time of all processes', async () => {
    const folder = await newFolder('cut');
    await new Attempt(folder, afterSteps(5)).train(student('l2'));
    const before = (await folder.metrics.read())[0]!.seconds as number;
    const result = (await new Attempt(folder).train(student('l2')))!;
    const seconds = (await folder.metrics.read()).map((record) => record.seconds as number);
    expect(seconds).toEqual([...seconds].sort((a, b) => a - b));
    expect(seconds[0]).toBe(before);
    expect(result.seconds).toBeGreaterThan(seconds[2]!);
  });

  it('is refused where the network is not the one of the checkpoint', async () => {
    const folder = await newFolder('cut');
    await new Attempt(folder, afterSteps(1)).train(student('l2'));
    const other = { ...student('adversarial'), name: 'l2' };
    await expect(new Attempt(folder).train(other)).rejects.toMatchObject({ code: 'ANC_CHECKPOINT' });
  });
});

describe('training in two stages', () => {
  let two: Plan;
  const model = (): PlannedModel => two.students[0]!;
  beforeAll(async () => {
    // The stages are those of a trained teacher, whose intermediate outputs the given one does not have.
    two = await planRun({
      ...resolveFlat({ ...flat, methods: ['fitnets(hintShare=0.34)'] }),
      composition: tinyComposition(),
    });
  });
  afterAll(() => two.dispose());

  const withBlock: TeacherOutputs = {
    outputs: async (batch, names) => {
      const size = batch.indices.length;
      const known = names.filter((name) => name !== 'block1');
      return {
        ...(await outputs.outputs(batch, known)),
        block1: { shape: [size, 4, 4, 3], data: Float32Array.from(batch.images.subarray(0, size * 48)) },
      };
    },
  };
  async function train(folder: RunFolder, steps = Infinity, more: Partial<TrainContext> = {}) {
    const attempt = new Attempt(folder, afterSteps(steps), more);
    const result = await trainModel(model(), withBlock, {
      folder,
      hooks: new HookRunner([], () => undefined),
      data: two.data,
      backend: two.backends.student,
      batchSize: 16,
      seed: 3,
      emit: (event) => {
        attempt.events.push(event);
        attempt.onEvent(event, () => attempt.controller.abort());
      },
      signal: attempt.controller.signal,
      validation: null,
      keepBest: () => Promise.resolve(),
      ...more,
    });
    return { result, events: attempt.events };
  }

  it('goes through them in order, each for its share of the epochs', async () => {
    const folder = await newFolder('whole');
    const { events } = await train(folder);
    const epochs = events.filter((event) => event.type === 'epoch');
    expect(
      epochs.map(({ stage, progress }) => [stage.name, stage.index, stage.count, progress.epoch]),
    ).toEqual([
      ['hint', 1, 2, 0],
      ['distillation', 2, 2, 0],
      ['distillation', 2, 2, 1],
    ]);
    expect(await logOf(folder)).toMatchObject([
      { stage: 'hint', epoch: 0, step: 3 },
      { stage: 'distillation', epoch: 0, step: 3 },
      { stage: 'distillation', epoch: 1, step: 6 },
    ]);
  });

  it.each([1, 2, 3, 4, 7])('ends with the same weights after an interruption at step %i', async (steps) => {
    const whole = await newFolder('whole');
    const { result } = await train(whole);
    const folder = await newFolder('cut');
    expect((await train(folder, steps)).result).toBeNull();
    const { result: continued } = await train(folder);
    expect(continued!.variables).toEqual(result!.variables);
    expect(await logOf(folder)).toEqual(await logOf(whole));
  });

  it('validates after the epochs of the last one only: the others are no classifiers yet', async () => {
    let measured = 0;
    const measure = (): Promise<HeldOut> => {
      measured++;
      return Promise.resolve({ error: 0.5, agreement: null });
    };
    const folder = await newFolder('whole');
    await train(folder, Infinity, { validation: { by: 'metric', metric, measure } });
    expect(measured).toBe(2);
    const has = (await folder.metrics.read()).map(({ metrics }) => 'validation/error' in (metrics as object));
    expect(has).toEqual([false, true, true]);
  });
});

describe('validation', () => {
  /** Gives these errors, or agreements, epoch by epoch. */
  const giving = (by: 'metric' | 'agreement', ...values: readonly number[]) => {
    const seen: Variables<HostTensor>[] = [];
    const measure = (variables: Variables<HostTensor>): Promise<HeldOut> => {
      const value = values[seen.length]!;
      seen.push(variables);
      const [error, agreement] = by === 'metric' ? [value, 0.9 - value] : [null, value];
      return Promise.resolve({ error, agreement });
    };
    return { seen, validation: { by, metric, measure } };
  };

  it('keeps the weights of the epoch with the smallest error', async () => {
    const { seen, validation } = giving('metric', 0.4, 0.2, 0.3);
    const { result, kept, log } = await uninterrupted(student('supervised'), { validation });
    expect(result.best).toEqual({ epoch: 1, error: 0.2, agreement: 0.9 - 0.2 });
    expect(result.held).toMatchObject({ epoch: 2, error: 0.3 });
    expect(kept).toEqual([seen[0], seen[1]]);
    expect(kept[1]).not.toEqual(kept[0]);
    expect(result.variables).toEqual(seen[2]);
    expect(log.map((record) => (record as { metrics: object }).metrics)).toMatchObject([
      { 'validation/error': 0.4, 'validation/agreement': 0.5 },
      { 'validation/error': 0.2 },
      { 'validation/error': 0.3 },
    ]);
  });

  it('keeps the first of equal epochs, and of agreements the largest', async () => {
    const { validation } = giving('agreement', 0.5, 0.8, 0.8);
    const { result, kept } = await uninterrupted(student('l2'), { validation });
    expect(result.best).toEqual({ epoch: 1, error: null, agreement: 0.8 });
    expect(kept).toHaveLength(2);
  });

  it('changes nothing of the training', async () => {
    const { result } = await uninterrupted(student('l2'));
    const { validation } = giving('metric', 0.4, 0.2, 0.3);
    const checked = await new Attempt(await newFolder('checked'), undefined, { validation }).train(
      student('l2'),
    );
    expect(checked!.variables).toEqual(result.variables);
  });

  it('remembers the best epoch over an interruption', async () => {
    const folder = await newFolder('cut');
    const first = giving('metric', 0.2);
    const attempt = new Attempt(folder, afterSteps(4), { validation: first.validation });
    expect(await attempt.train(student('l2'))).toBeNull();
    expect(attempt.kept).toHaveLength(1);
    const second = giving('metric', 0.3, 0.25);
    const next = new Attempt(folder, undefined, { validation: second.validation });
    const result = (await next.train(student('l2')))!;
    expect(next.kept).toEqual([]);
    expect(result.best).toMatchObject({ epoch: 0, error: 0.2 });
    expect(result.held).toMatchObject({ error: 0.25 });
  });
});
