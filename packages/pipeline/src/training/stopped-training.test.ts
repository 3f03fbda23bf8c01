import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { HookEpoch, HookStep, RunHook, TeacherOutputs } from '@anc/core';
import { liveTeacher } from '@anc/core/internal';
import { RunFolder } from '@anc/runtime';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { cornerTeacher } from '../../test/corner-teacher.js';
import { resolveFlat } from '../../test/flat-options.js';
import { tinyComposition, tinyOptions } from '../../test/tiny-plugins.js';
import { HookRunner } from '../hooks/hook-runner.js';
import { planRun, type Plan } from '../planning/plan.js';
import type { TrainContext, TrainedModel } from './train-context.js';
import { trainModel } from './train-model.js';

/** 48 images in batches of 16: three steps an epoch, for three epochs. */
const flat = { ...tinyOptions, epochs: 3, crop: 1, methods: ['l2'] };
const { open, teacher } = cornerTeacher();
const outputs: TeacherOutputs = liveTeacher(teacher, [8, 8, 1]);

let plan: Plan;
let root: string;
beforeAll(async () => {
  plan = await planRun({
    options: resolveFlat(flat).options,
    given: [],
    composition: tinyComposition(),
    openTeacher: open,
  });
});
afterAll(() => plan.dispose());
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'anc-stopped-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

const newFolder = (name: string): Promise<RunFolder> => RunFolder.create(join(root, name), '');

function train(
  folder: RunFolder,
  hooks: readonly RunHook[],
  more: Partial<TrainContext> = {},
): Promise<TrainedModel | null> {
  const model = plan.students[0]!;
  return trainModel(model, outputs, {
    folder,
    hooks: new HookRunner(
      hooks.map((hook) => ({ hook, plugin: 'test' })),
      () => undefined,
    ),
    data: plan.data,
    backend: plan.backends.student,
    batchSize: 16,
    seed: model.seed,
    emit: () => undefined,
    signal: new AbortController().signal,
    validation: null,
    keepBest: () => Promise.resolve(),
    ...more,
  });
}

const hook = (more: Partial<RunHook>): RunHook => ({ name: 'own', onError: 'end', ...more });
const request = { stop: 'model', reason: 'enough' } as const;
const stopAtStep = (wanted: number): RunHook =>
  hook({ onStep: ({ progress }: HookStep) => (progress.step === wanted ? request : undefined) });
const stopAfterEpoch = (wanted: number): RunHook =>
  hook({ onEpoch: ({ progress }: HookEpoch) => (progress.epoch === wanted ? request : undefined) });

describe('training that a hook follows', () => {
  it('calls it after every step and epoch, and when the checkpoint of an epoch is written', async () => {
    const calls: string[] = [];
    const follower = hook({
      onStep: ({ model, progress }) =>
        void calls.push(`${model.name} step ${progress.step} of epoch ${progress.epoch}`),
      onEpoch: ({ progress, metrics }) =>
        void calls.push(`epoch ${progress.epoch}, loss ${'loss/student' in metrics}`),
      onEpochSaved: ({ progress }) => void calls.push(`saved ${progress.epoch}`),
    });
    const trained = await train(await newFolder('a'), [follower]);
    expect(trained!.stopped).toBeNull();
    expect(calls.slice(0, 6)).toEqual([
      'l2 step 1 of epoch 0',
      'l2 step 2 of epoch 0',
      'l2 step 3 of epoch 0',
      'epoch 0, loss true',
      'saved 0',
      'l2 step 4 of epoch 1',
    ]);
    expect(calls).toHaveLength(15);
  });

  it('ends at its request, within an epoch or after one, and says where', async () => {
    const within = await train(await newFolder('a'), [stopAtStep(4)]);
    expect(within!.stopped).toMatchObject({
      by: 'own',
      plugin: 'test',
      reason: 'enough',
      epoch: 2,
      epochs: 3,
      step: 4,
    });
    const after = await train(await newFolder('b'), [stopAfterEpoch(0)]);
    expect(after!.stopped).toMatchObject({ epoch: 1, epochs: 3, step: 3 });
    const complete = await train(await newFolder('c'), [stopAfterEpoch(2)]);
    expect(complete!.stopped).toBeNull(); // it had ended anyway
  });

  it('stays ended when it is resumed, and goes on where that is asked for, to the same bytes', async () => {
    const whole = await train(await newFolder('whole'), []);
    const folder = await newFolder('stopped');
    const stopped = await train(folder, [stopAtStep(4)]);
    const again = await train(folder, []);
    expect(again!.stopped).toEqual(stopped!.stopped);
    expect(again!.variables).toEqual(stopped!.variables);
    const continued = await train(folder, [], { continueStopped: true });
    expect(continued!.stopped).toBeNull();
    expect(continued!.variables).toEqual(whole!.variables);
    expect(continued!.variables).not.toEqual(stopped!.variables);
  });

  it("keeps the hook's state in checkpoints, whatever an interruption cuts", async () => {
    const seen: string[] = [];
    const counter = (): RunHook => {
      let count = 0;
      return hook({
        onStep: () => {
          count++;
        },
        onEpoch: () => void seen.push(String(count)),
        state: () => count,
        restore: (_model, state) => void (count = state as number),
      });
    };
    const folder = await newFolder('a');
    const controller = new AbortController();
    const cut = hook({
      name: 'cut',
      onStep: ({ progress }) => (progress.step === 5 ? controller.abort() : undefined),
    });
    expect(await train(folder, [counter(), cut], { signal: controller.signal })).toBeNull();
    await train(folder, [counter()]);
    expect(seen).toEqual(['3', '6', '9']);
  });

  it('ends with the error of a hook that declares so, and repeats the epoch when it is resumed', async () => {
    const folder = await newFolder('a');
    const failing = hook({
      onEpoch: ({ progress }) => {
        if (progress.epoch === 1) throw new Error('disk full');
      },
    });
    await expect(train(folder, [failing])).rejects.toMatchObject({ code: 'ANC_HOOK' });
    const epochs: number[] = [];
    const resumed = await train(folder, [
      hook({ onEpoch: ({ progress }) => void epochs.push(progress.epoch) }),
    ]);
    expect(epochs).toEqual([1, 2]);
    expect(resumed!.variables).toEqual((await train(await newFolder('whole'), []))!.variables);
  });
});
