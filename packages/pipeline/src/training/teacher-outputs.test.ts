import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isAncError, type ImageBatch } from '@anc/core';
import { NetworkTeacher } from '@anc/core/internal';
import { RunFolder } from '@anc/runtime';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CornerTeacher, cornerTeacher } from '../../test/corner-teacher.js';
import { resolveFlat } from '../../test/flat-options.js';
import { tinyComposition, tinyOptions } from '../../test/tiny-plugins.js';
import type { RunEvent } from '../events/events.js';
import { writeWeights } from '../files/weights.js';
import { planRun, type Plan, type PlannedModel } from '../planning/plan.js';
import {
  frozenTeacher,
  openTeacherCache,
  teacherPredictions,
  type SharedTeacherOutputs,
} from './teacher-cache.js';

let root: string;
let plan: Plan | null = null;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'anc-teacher-'));
});
afterEach(async () => {
  await plan?.dispose();
  plan = null;
  await rm(root, { recursive: true, force: true });
});

const { open, teacher: given } = cornerTeacher();

async function planned(flat: object = {}, isGiven = true): Promise<Plan> {
  plan = await planRun({
    ...resolveFlat({ ...tinyOptions, methods: ['l2'], ...flat }),
    composition: tinyComposition(),
    ...(isGiven ? { openTeacher: open } : {}),
  });
  return plan;
}

/** The first images in view 0. */
async function batchOf({ data }: Plan, count: number): Promise<ImageBatch> {
  const indices = Int32Array.from({ length: count }, (_, i) => i);
  const images = new Uint8Array(count * 64);
  await data.train.images.read(indices, images);
  return { indices, views: new Int32Array(count), images };
}

describe('frozenTeacher', () => {
  it('is the given one', async () => {
    const folder = await RunFolder.create(join(root, 'run'), '');
    expect(await frozenTeacher(await planned(), folder)).toBe(given);
  });

  it('is the trained one with the weights of the run folder, named by their content', async () => {
    const { teacher } = await planned({}, false);
    const model = teacher as PlannedModel;
    const folder = await RunFolder.create(join(root, 'run'), '');
    const frozen = async (seed: number) => {
      const state = model.stages[0]!.init(model.rng.split(seed), null);
      await writeWeights(folder, ['teacher'], model.stages[0]!.student(state), {});
      return frozenTeacher(plan!, folder);
    };
    const [first, same, other] = [await frozen(1), await frozen(1), await frozen(2)];
    expect(first).toBeInstanceOf(NetworkTeacher);
    expect(first.outputs).toMatchObject({ logits: [4], features: [6] });
    expect(same.hash).toBe(first.hash);
    expect(other.hash).not.toBe(first.hash);
    const batch = await batchOf(plan!, 2);
    const { logits } = await first.infer({ shape: [2, 8, 8, 1], data: batch.images }, ['logits']);
    const { logits: others } = await other.infer({ shape: [2, 8, 8, 1], data: batch.images }, ['logits']);
    expect(logits!.shape).toEqual([2, 4]);
    expect(others).not.toEqual(logits);
  });

  it('cannot be had where the folder has the weights of another network', async () => {
    const { teacher, students } = await planned({}, false);
    const folder = await RunFolder.create(join(root, 'run'), '');
    await writeWeights(folder, ['teacher'], students[0]!.network.initial, {});
    expect((teacher as PlannedModel).network.parameters).not.toBe(students[0]!.network.parameters);
    const error: unknown = await frozenTeacher(plan!, folder).catch((thrown: unknown) => thrown);
    expect(isAncError(error) && error.code).toBe('ANC_CHECKPOINT');
  });
});

describe('openTeacherCache', () => {
  it('remembers outputs, also for the next run of the same teacher on the same images', async () => {
    const teacher = new CornerTeacher();
    const first = await planned();
    const shared: SharedTeacherOutputs = {};
    const batch = await batchOf(first, 4);
    const outputs = openTeacherCache(first, teacher, shared);
    const before = await outputs.outputs(batch, ['logits']);
    expect(teacher.seen).toBe(4);
    expect(shared.cache).toBe(outputs);
    const next = openTeacherCache(first, teacher, shared);
    expect(await next.outputs(batch, ['logits'])).toEqual(before);
    expect(teacher.seen).toBe(4);
    expect(shared.cache).toBe(next);
  });

  it('asks the teacher for every batch whose images are mixed, or augmented otherwise', async () => {
    const teacher = new CornerTeacher();
    const outputs = openTeacherCache(await planned(), teacher, {});
    const batch = await batchOf(plan!, 4);
    for (const augmentation of [null, 'another']) {
      await outputs.outputs({ ...batch, augmentation }, ['logits']);
      await outputs.outputs({ ...batch, augmentation }, ['logits']);
    }
    expect(teacher.seen).toBe(16);
    expect(outputs.counts).toMatchObject({ hits: 0, misses: 0, bytes: 0 });
  });

  it('remembers nothing without memory, and all on disk where a folder is given', async () => {
    const teacher = new CornerTeacher();
    const asked = async (flat: object): Promise<number> => {
      const before = teacher.seen;
      const outputs = openTeacherCache(await planned(flat), teacher, {});
      const batch = await batchOf(plan!, 4);
      await outputs.outputs(batch, ['logits']);
      await outputs.outputs(batch, ['logits']);
      await outputs.close();
      await plan!.dispose();
      return teacher.seen - before;
    };
    expect(await asked({ teacherCacheMb: 0 })).toBe(8);
    const disk = { teacherCacheMb: 0, teacherCacheDir: join(root, 'cache') };
    expect(await asked(disk)).toBe(4);
    expect(await asked(disk)).toBe(0); // an earlier run's
    plan = null;
  });

  it('shows the teacher two images where one is missing: alone its outputs would differ in the last bits', async () => {
    const teacher = new CornerTeacher();
    const outputs = openTeacherCache(await planned(), teacher, {});
    const [three, four] = [await batchOf(plan!, 3), await batchOf(plan!, 4)];
    await outputs.outputs(three, ['logits']);
    const before = teacher.seen;
    const { logits } = await outputs.outputs(four, ['logits']);
    expect(logits!.shape).toEqual([4, 4]);
    expect(teacher.seen - before).toBe(2);
  });
});

describe('teacherPredictions', () => {
  const predicted = (teacher: CornerTeacher, shared: SharedTeacherOutputs, which: 'train' | 'test') => {
    const events: RunEvent[] = [];
    const { signal } = new AbortController();
    const { task: opened } = plan!;
    const context = {
      task: opened.task,
      taskData: opened.data,
      batchSize: 16,
      emit: (event: RunEvent) => events.push(event),
      signal,
    };
    const { data } = plan!;
    return teacherPredictions(teacher, shared, data[which], `${which} images`, context).then(
      (predictions) => ({ predictions, events }),
    );
  };

  it('are computed once for a teacher and a split', async () => {
    await planned();
    const teacher = new CornerTeacher();
    const shared: SharedTeacherOutputs = {};
    const { predictions, events } = await predicted(teacher, shared, 'test');
    expect([...predictions.predictions]).toEqual(Array.from({ length: 20 }, (_, i) => i % 4));
    expect(predictions.metrics).toEqual({ error: expect.any(Number) as number, 'top5-error': 0 });
    expect(events).toEqual(
      [16, 20].map((done) => ({ type: 'activity', what: 'teacher on the test images', done, count: 20 })),
    );
    const { seen } = teacher;
    const again = await predicted(teacher, shared, 'test');
    expect(again.predictions).toBe(predictions);
    expect([teacher.seen, again.events]).toEqual([seen, []]);
    await predicted(teacher, shared, 'train');
    expect(teacher.seen).toBe(seen + 48);
  });

  it('are computed for another teacher anew', async () => {
    await planned();
    const shared: SharedTeacherOutputs = {};
    await predicted(new CornerTeacher(), shared, 'test');
    const other = Object.assign(new CornerTeacher(), { hash: 'another' });
    await predicted(other, shared, 'test');
    expect(other.seen).toBeGreaterThan(0);
  });
});
