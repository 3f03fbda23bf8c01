import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import onnx from '@anc/backend-onnx/plugin';
import tfjs from '@anc/backend-tfjs/plugin';
import {
  exchangeByAllReduce,
  train,
  type BatchSource,
  type Exchange,
  type HostTensor,
  type Rank,
  type Tree,
} from '@anc/core';
import { Loader, RunFolder, TeacherCache } from '@anc/runtime';
import { relativeError } from '@anc/testing';
import { localAllReduce } from '@anc/testing/toy';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { cornerTeacher } from '../../test/corner-teacher.js';
import { resolveFlat } from '../../test/flat-options.js';
import { tinyComposition, tinyOptions } from '../../test/tiny-plugins.js';
import { HookRunner } from '../hooks/hook-runner.js';
import { planRun, type Plan, type PlannedModel } from '../planning/plan.js';
import { openTeacherCache } from './teacher-cache.js';
import type { TrainContext } from './train-context.js';
import { trainModel } from './train-model.js';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const EPOCHS = 2;
const BATCH = 16;
/** max|Δ| / max|w| of every tensor after the updates. */
const LIMIT = 1e-4;

const { open, teacher } = cornerTeacher();
const flat = {
  ...tinyOptions,
  student: 'cnn(widths=[2],features=6,batchNorm=false)',
  methods: ['kd', 'adversarial'],
  epochs: EPOCHS,
  batchSize: BATCH,
  crop: 1,
  flip: true,
  views: 4,
  discriminator: 'mlp(units=[4])',
  discriminatorSteps: 2,
  balancer: 'gradient-norm',
} as const;
const planned = (more: object): Promise<Plan> =>
  planRun({
    ...resolveFlat({ ...flat, ...more }),
    composition: tinyComposition(onnx(), tfjs()),
    openTeacher: open,
  });

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'anc-divided-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

/** Weights and metrics of a model that the pipeline trained; see `TrainContext.accumulate`. */
async function trained(model: PlannedModel, plan: Plan, accumulate: number) {
  const folder = await RunFolder.create(join(root, `${model.name}-${accumulate}`), '');
  const options = { ...plan.options, training: { ...plan.options.training, accumulate } };
  const outputs = openTeacherCache({ data: plan.data, options }, teacher, {});
  const context: TrainContext = {
    folder,
    hooks: new HookRunner([], () => undefined),
    data: plan.data,
    backend: plan.backends.student,
    batchSize: BATCH,
    accumulate,
    seed: model.seed,
    emit: () => undefined,
    signal: new AbortController().signal,
    validation: null,
    keepBest: () => Promise.resolve(),
  };
  const { variables } = (await trainModel(model, outputs, context))!;
  const { metrics } = (await folder.metrics.read()).at(-1)!;
  return { weights: variables.params, metrics: metrics! };
}

/** What one of several ranks of a stage ends with: it has its own rows of every batch, and its own teacher cache. */
async function trainedRank(model: PlannedModel, plan: Plan, rank: Rank, exchange: Exchange) {
  const [stage] = model.stages as [PlannedModel['stages'][0]];
  const { images } = plan.data.train;
  const { augmentation } = plan.data;
  const seed = model.seed;
  const loader = new Loader(images, { batch: BATCH, seed, augmentation, rank });
  const batches: BatchSource = {
    stepsPerEpoch: loader.batchesPerEpoch,
    shape: images.shape,
    offset: loader.rows.start,
    epoch: (epoch, from) => loader.epoch(epoch, from),
  };
  let metrics: Tree<number> = {};
  for await (const event of train({
    backend: plan.backends.student,
    stage,
    batches,
    teacher: new TeacherCache(teacher, images, augmentation, { budgetMb: 8 }),
    epochs: model.epochs,
    seed,
    state: stage.init(model.rng.split('stage', 0), null),
    exchange,
  })) {
    if (event.type === 'epoch') metrics = event.metrics;
    if (event.type === 'done') return { weights: stage.student(await event.snapshot()).params, metrics };
  }
  return expect.fail();
}

interface Found {
  readonly weights: Tree<HostTensor>;
  readonly metrics: Tree<number>;
}

function expectSame(found: Found, whole: Found): void {
  expect(Object.keys(found.weights)).toEqual(Object.keys(whole.weights));
  for (const [name, expected] of Object.entries(whole.weights)) {
    expect([name, relativeError(found.weights[name]!, expected) < LIMIT]).toEqual([name, true]);
  }
  for (const [name, expected] of Object.entries(whole.metrics)) {
    if (name === 'discriminator/auc') continue; // compares the rows of a part with each other
    expect(Math.abs(found.metrics[name]! - expected)).toBeLessThan(1e-3 * Math.max(1, Math.abs(expected)));
  }
}

for (const backend of ['onnx', 'tfjs:wasm']) {
  describe(`divided batches on ${backend}`, () => {
    let plan: Plan;
    let mixed: Plan;
    beforeAll(async () => {
      plan = await planned({ backend, accumulate: 4 });
      mixed = await planned({ backend, methods: ['kd'], mixup: 0.5 });
    });
    afterAll(async () => {
      await plan.dispose();
      await mixed.dispose();
    });

    it.each(['kd', 'adversarial'])(
      '%s: micro-batches and ranks give what whole batches give',
      async (name) => {
        const model = plan.students.find((student) => student.name === name)!;
        const whole = await trained(model, plan, 1);
        expectSame(await trained(model, plan, 4), whole);
        const exchange = exchangeByAllReduce(localAllReduce(2));
        const ranks = await Promise.all(
          [0, 1].map((rank) => trainedRank(model, plan, { rank, ranks: 2 }, exchange)),
        );
        for (const rank of ranks) expectSame(rank, whole);
        expect(ranks[0]).toEqual(ranks[1]);
      },
    );

    it('mixed images: micro-batches and ranks give what whole batches give', async () => {
      const [model] = mixed.students as [PlannedModel];
      const whole = await trained(model, mixed, 1);
      expectSame(await trained(model, mixed, 2), whole);
      const exchange = exchangeByAllReduce(localAllReduce(2));
      const ranks = await Promise.all(
        [0, 1].map((rank) => trainedRank(model, mixed, { rank, ranks: 2 }, exchange)),
      );
      for (const rank of ranks) expectSame(rank, whole);
    });
  });
}
