import { calibrateTeacher } from '../classifier/calibrate-teacher.js';
import { Rng, sizeOf, type DatasetSplit, type HostTensor, type Teacher, type Variables } from '@anc/core';
import { NetworkTeacher } from '@anc/core/internal';
import { limitSplit } from '@anc/datasets';
import { predictFrozen } from '../classifier/score.js';
import { digestOf } from '../files/weights.js';
import { microBatchOf } from '../options/micro-batch.js';
import type { Plan, PlannedModel } from '../planning/plan.js';
import { spaceFor } from '../run/space.js';
import { predict } from '../training/evaluate-model.js';
import { computedDraws, withinTime, type CostForecast, type Draws } from './forecast.js';
import { measureTraining, type MeasuredStage } from './measure-training.js';

/** Seconds after every epoch for checkpoint and logs, and of the report. */
const EPOCH = 0.05;
const REPORT = 0.5;

/** What was measured of a model. */
interface MeasuredModel {
  readonly model: PlannedModel;
  readonly stages: readonly MeasuredStage[];
  /** Seconds of an evaluation on the test images. */
  readonly test: number;
  /** Seconds of one on the held-out images. */
  readonly held: number;
}

/** What was measured of a plan. */
export interface MeasuredPlan {
  readonly plan: Plan;
  readonly models: readonly MeasuredModel[];
  /** Seconds of the teacher's predictions for test and held-out images. */
  readonly predictions: number;
  /** Bytes of the process at its largest. */
  readonly memory: number;
}

export interface MeasureOptions {
  /** Measures one student that needs the teacher, where there is one, and nothing else. */
  readonly only?: boolean;
  /** Throws its reason between steps and batches. */
  readonly signal?: AbortSignal;
}

/** Measures a few steps and batches of every model. */
export async function measurePlan(
  plan: Plan,
  { only = false, signal = new AbortController().signal }: MeasureOptions = {},
): Promise<MeasuredPlan> {
  const { data, teacher, backends, students } = plan;
  const frozen = await teacherOf(plan);
  let memory = process.memoryUsage().rss;
  const watch = setInterval(() => (memory = Math.max(memory, process.memoryUsage().rss)), 20);
  try {
    const measured: MeasuredModel[] = [];
    const trained = 'given' in teacher || only ? [] : [teacher];
    const some = only ? [students.find(({ needsTeacher }) => needsTeacher) ?? students[0]!] : students;
    for (const model of [...trained, ...some]) {
      signal.throwIfAborted();
      const { network } = model.network;
      const variables = network.init(Rng.fromSeed(0), data.dataset.shape);
      const evaluate = (split: DatasetSplit) =>
        predict(model.network, variables, split, 'images', {
          ...evaluation(plan, signal),
          backend: backends.student,
        });
      measured.push({
        model,
        stages: await measureTraining(plan, model, frozen, signal),
        test: await secondsFor(data.test, plan, evaluate),
        held: data.held === null ? 0 : await secondsFor(data.held, plan, evaluate),
      });
    }
    const byTeacher = (split: DatasetSplit) => predictFrozen(frozen.teacher, split, evaluation(plan, signal));
    const splits = only ? [] : [data.test, ...(data.held === null ? [] : [data.held])];
    let predictions = 0;
    for (const split of splits) predictions += await secondsFor(split, plan, byTeacher);
    return { plan, models: measured, predictions, memory: Math.max(memory, process.memoryUsage().rss) };
  } finally {
    clearInterval(watch);
    await frozen.dispose();
  }
}

const evaluation = ({ task, options }: Plan, signal: AbortSignal) => ({
  task: task.task,
  taskData: task.data,
  batchSize: microBatchOf(options.training),
  emit: () => undefined,
  signal,
});

/** The given teacher, or one with random weights, which is as fast as the trained one. */
async function teacherOf({ teacher, data, backends }: Plan): Promise<{
  readonly teacher: Teacher;
  readonly variables: Variables<HostTensor> | null;
  dispose(): Promise<void>;
}> {
  if ('given' in teacher) {
    const given = teacher.given.teacher;
    return { teacher: given, variables: given.frozen?.variables ?? null, dispose: () => Promise.resolve() };
  }
  const variables = teacher.network.network.init(Rng.fromSeed(0), data.dataset.shape);
  const made = await NetworkTeacher.create({
    backend: backends.teacher,
    network: teacher.network.network,
    variables,
    input: data.dataset.shape,
    digest: digestOf(variables),
  });
  await calibrateTeacher(made, backends.teacher, data.train.images);
  return { teacher: made, variables, dispose: () => made.dispose() };
}

/** Seconds of a pass over a split, from passes over one and five batches of it. */
async function secondsFor(
  split: DatasetSplit,
  { options }: Plan,
  pass: (split: DatasetSplit) => Promise<unknown>,
): Promise<number> {
  const batch = microBatchOf(options.training);
  const { count } = split.images;
  const seconds: number[] = [];
  for (const batches of [1, 5]) {
    const some = limitSplit(split, Math.min(count, batches * batch), 0);
    const began = performance.now();
    await pass(some);
    seconds.push((performance.now() - began) / 1000);
  }
  const [one, five] = seconds as [number, number];
  const more = Math.min(5, Math.ceil(count / batch)) - 1;
  return one + (more === 0 ? 0 : Math.max(0, (five - one) / more)) * (Math.ceil(count / batch) - 1);
}

/** What a measured plan costs, and with other views. `planning`: seconds before the run begins. */
export function costsOf(
  { plan, models, predictions, memory }: MeasuredPlan,
  planning: number,
  views = plan.data.augmentation.views,
): Omit<CostForecast, 'alternatives'> {
  const { data, options } = plan;
  const outputBytes = outputBytesOf(plan);
  const budget = options.cache.memoryMb * 2 ** 20;
  const isCacheable = !data.augmentation.mixesInBatch;
  const draws: Draws = {
    images: data.train.images.count,
    views: isCacheable ? views : null,
    cached: outputBytes === 0 ? Infinity : budget / outputBytes,
  };
  let [computed, drawn] = [0, 0];
  const seconds = models.map(({ model, stages, test, held }): [string, number] => {
    let sum = test + (data.held === null ? 0 : held);
    for (const { epochs, stepsPerEpoch, rows, start, step, cold } of stages) {
      const steps = epochs * stepsPerEpoch;
      sum += start + steps * step + epochs * (EPOCH + (data.held === null ? 0 : held));
      if (rows === 0) continue;
      // Students share the cache: what one has drawn, the next one finds.
      const before = computed;
      drawn += steps * rows;
      computed = computedDraws(drawn, draws);
      sum += ((computed - before) / rows) * (cold - step);
    }
    return [model.name, sum];
  });
  const cachedBytes = Math.min(budget, draws.views === null ? 0 : computed * outputBytes);
  const each = Object.fromEntries(seconds);
  const before = planning + predictions;
  const total = seconds.reduce((sum, [, of]) => sum + of, before + REPORT);
  const { time } = options.training;
  return {
    ...(time === undefined
      ? { seconds: total, models: each }
      : withinTime(time, before + (each['teacher'] ?? 0), each)),
    memory: memory + cachedBytes,
    disk: spaceFor(plan),
  };
}

/** Bytes of the teacher's outputs of one image. */
function outputBytesOf({ teacher, options, students }: Plan): number {
  const outputs = 'given' in teacher ? teacher.given.teacher.outputs : teacher.network.outputs;
  const names = new Set(
    students.flatMap(({ stages }) => stages.flatMap(({ teacherOutputs }) => teacherOutputs)),
  );
  const numbers = [...names].reduce((sum, name) => sum + sizeOf(outputs[name] ?? []), 0);
  return numbers * (options.cache.float16 === true ? 2 : 4);
}
