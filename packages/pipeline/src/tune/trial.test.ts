import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AncError } from '@anc/core';
import { liveTeacher } from '@anc/core/internal';
import { RunFolder } from '@anc/runtime';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { cornerTeacher } from '../../test/corner-teacher.js';
import { resolveFlat } from '../../test/flat-options.js';
import { tinyComposition, tinyOptions } from '../../test/tiny-plugins.js';
import type { RunEvent } from '../events/events.js';
import { Interrupted } from '../events/interrupted.js';
import { HookRunner } from '../hooks/hook-runner.js';
import { planTraining, type PlannedModel, type TrainingPlan } from '../planning/plan.js';
import { under } from './candidate.js';
import { runTrial, trainCandidate, type TeacherTargets, type TuningContext } from './trial.js';

const { open, teacher } = cornerTeacher();
let plan: TrainingPlan;
let labels: Int32Array;
beforeAll(async () => {
  plan = await planTraining({
    ...resolveFlat({ ...tinyOptions, methods: ['l2', 'supervised'], validation: 0.25 }),
    composition: tinyComposition(),
    openTeacher: open,
  });
  labels = await plan.data.held!.labels!();
});
afterAll(() => plan.dispose());

let root: string;
let folder: RunFolder;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'anc-trial-'));
  folder = await RunFolder.create(join(root, 'run'), '');
});
afterEach(() => rm(root, { recursive: true, force: true }));

const outputs = liveTeacher(teacher, [8, 8, 1]);
/** The teacher is right about every image. */
const targets = (): TeacherTargets => ({ outputs, predictions: labels });
const student = (learningRate: number, method = 'l2'): Promise<PlannedModel> =>
  plan.another(`${method}-try-1`, { name: method, options: {} }, under(plan.options, { learningRate }));

function context(onEvent: (event: RunEvent, abort: () => void) => void = () => undefined, of = folder) {
  const events: RunEvent[] = [];
  const controller = new AbortController();
  const emit = (event: RunEvent): void => {
    events.push(event);
    onEvent(event, () => controller.abort());
  };
  const held = plan.data.held!;
  const hooks = new HookRunner([], () => undefined);
  const tuning: TuningContext = { plan, held, folder: of, hooks, emit, signal: controller.signal };
  return { events, tuning };
}
const fileOf = (name: string): string => join(folder.path, 'tries', `${name}.json`);

describe('runTrial', () => {
  it('trains, evaluates on the held-out images, and keeps the result alone', async () => {
    const setting = { learningRate: 0.01 };
    const { events, tuning } = context();
    const result = await runTrial(tuning, await student(0.01), setting, targets());
    expect(result).toMatchObject({ setting, seed: 3 });
    expect(result.seconds).toBeGreaterThan(0);
    expect(Number.isInteger(Math.round(1e9 * result.error! * labels.length) / 1e9)).toBe(true);
    expect(result.agreement).toBeCloseTo(1 - result.error!, 12); // the teacher's classes are the labels
    expect(JSON.parse(await readFile(fileOf('l2-try-1'), 'utf8'))).toEqual(result);
    expect(await readdir(join(folder.path, 'checkpoints'))).toEqual([]);
    expect(await readdir(folder.path)).not.toContain('student');
    expect(events.at(-1)).toEqual({
      type: 'message',
      message: expect.stringMatching(
        /^l2-try-1: 0\.01: agreement \d+\.\d\d %, error \d+\.\d\d % on held-out images, trained in /,
      ) as string,
    });
  });

  it("counts agreement with the teacher's classes", async () => {
    const predictions = labels.map(() => -1);
    const { agreement } = await runTrial(
      context().tuning,
      await student(0.01),
      { learningRate: 0.01 },
      { outputs, predictions },
    );
    expect(agreement).toBe(0);
  });

  it('reads a finished trial', async () => {
    const first = await runTrial(context().tuning, await student(0.01), { learningRate: 0.01 }, targets());
    const left = join(folder.path, 'checkpoints', 'l2-try-1');
    await mkdir(left, { recursive: true });
    await writeFile(join(left, '00000001.json'), '{}');
    const { events, tuning } = context();
    expect(await runTrial(tuning, await student(0.01), { learningRate: 0.01 }, targets())).toEqual(first);
    expect(events).toEqual([]);
    expect(await readdir(join(folder.path, 'checkpoints'))).toEqual([]);
  });

  it('throws where it was aborted, and continues to the same result', async () => {
    const other = await RunFolder.create(join(root, 'whole'), '');
    const whole = context(undefined, other).tuning;
    const expected = await runTrial(whole, await student(0.01), { learningRate: 0.01 }, targets());
    const { tuning } = context((event, abort) => {
      if (event.type === 'epoch') abort();
    });
    const setting = { learningRate: 0.01 };
    await expect(runTrial(tuning, await student(0.01), setting, targets())).rejects.toThrow(Interrupted);
    expect(await readdir(folder.path)).not.toContain('tries');
    const second = context();
    const result = await runTrial(second.tuning, await student(0.01), setting, targets());
    expect(second.events.filter(({ type }) => type === 'epoch')).toHaveLength(1);
    expect({ ...result, seconds: 0 }).toEqual({ ...expected, seconds: 0 });
  });

  it('takes a training that diverged for a result', async () => {
    const setting = { learningRate: 1e30 };
    const { events, tuning } = context();
    const result = await runTrial(tuning, await student(1e30), setting, targets());
    expect(result).toEqual({ setting, seed: 3, agreement: null, error: null, seconds: 0 });
    expect(events.at(-1)).toEqual({ type: 'message', message: 'l2-try-1: 1e+30: training diverged' });
    expect(JSON.parse(await readFile(fileOf('l2-try-1'), 'utf8'))).toEqual(result);
  });

  it('passes on every other error, and writes no result', async () => {
    const broken: TeacherTargets = {
      ...targets(),
      outputs: { outputs: () => Promise.reject(new AncError('ANC_ENGINE', 'the engine is gone.')) },
    };
    const work = runTrial(context().tuning, await student(0.01), { learningRate: 0.01 }, broken);
    await expect(work).rejects.toThrow('the engine is gone.');
    expect(await readdir(folder.path)).not.toContain('tries');
  });

  it('asks no teacher for a method that needs none', async () => {
    const { seen } = teacher;
    const model = await student(0.01, 'supervised');
    await runTrial(context().tuning, model, { learningRate: 0.01 }, targets());
    expect(teacher.seen).toBe(seen);
  });
});

describe('trainCandidate', () => {
  it('gives the weights and the time', async () => {
    const { variables, seconds } = await trainCandidate(context().tuning, await student(0.01), outputs);
    expect(Object.keys(variables.params)).toContain('conv1/weights');
    expect(seconds).toBeGreaterThan(0);
  });
});
