import {
  train,
  type HostTensor,
  type Teacher,
  type TeacherOutputs,
  type Tree,
  type Variables,
} from '@anc/core';
import { allocateEpochs } from '@anc/core/internal';
import type { PlannedModel, TrainingPlan } from '../planning/plan.js';
import { openTeacherCache } from '../training/teacher-cache.js';
import { batchesOf } from '../training/stage-batches.js';

/** Steps of a stage that are measured at most, and for how long. */
const STEPS = 12;
const SECONDS = 1.5;

/** What a stage costs, as measured. */
export interface MeasuredStage {
  readonly epochs: number;
  readonly stepsPerEpoch: number;
  /** Images of a step that come from the data, whose teacher outputs a step needs. */
  readonly rows: number;
  /** Seconds until the first step was done: compilation, mostly. */
  readonly start: number;
  /** Seconds of a step whose teacher outputs are cached, or which needs none. */
  readonly step: number;
  /** The same where the teacher computes them. */
  readonly cold: number;
}

/** A teacher, and its variables where methods train through it. */
export interface MeasuredTeacher {
  readonly teacher: Teacher | null;
  readonly variables: Variables<HostTensor> | null;
}

/**
 * Trains a model for a few steps of each stage, from its initial weights, and leaves nothing. Throws the signal's reason
 * where it is aborted.
 */
export async function measureTraining(
  { options, data, backends }: Pick<TrainingPlan, 'options' | 'data' | 'backends'>,
  model: PlannedModel,
  { teacher, variables: teacherVariables }: MeasuredTeacher,
  signal: AbortSignal,
): Promise<readonly MeasuredStage[]> {
  const { directory: _, ...cache } = options.cache; // nothing is written, and nothing found that an earlier run wrote
  const inMemory = { data, options: { ...options, cache } };
  const { batchSize, stepsPerEpoch, accumulate = 1 } = options.training;
  const epochs = allocateEpochs(model.stages, model.epochs);
  const measured: MeasuredStage[] = [];
  let state: Tree<HostTensor> | null = null;
  for (const [i, stage] of model.stages.entries()) {
    if (epochs[i] === 0) continue;
    const initial: Tree<HostTensor> = stage.init(model.rng.split('stage', i), state, teacherVariables);
    state = initial;
    const batches = await batchesOf(stage, model, { data, batchSize, stepsPerEpoch, seed: model.seed });
    const outputs =
      model.needsTeacher && teacher !== null && stage.teacherOutputs.length > 0
        ? openTeacherCache(inMemory, teacher, {})
        : null;
    const timed = (from: TeacherOutputs | null) =>
      timedSteps({
        backend: backends.student,
        stage,
        batches,
        teacher: from,
        epochs: Math.max(2, Math.ceil((2 * STEPS) / batches.stepsPerEpoch)),
        seed: model.seed,
        accumulate,
        state: initial,
        signal,
      });
    const cold = await timed(outputs);
    const warm = outputs === null ? cold : await timed(outputs); // the same batches, which the cache has now
    measured.push({
      epochs: epochs[i]!,
      stepsPerEpoch: batches.stepsPerEpoch,
      rows: outputs === null ? 0 : batchSize,
      start: cold.start,
      step: warm.step,
      cold: Math.max(cold.step, warm.step),
    });
    await outputs?.close();
  }
  return measured;
}

/** Seconds until the first step was done, and of each of the following ones. */
async function timedSteps(
  options: Parameters<typeof train>[0] & { readonly signal: AbortSignal },
): Promise<{ readonly start: number; readonly step: number }> {
  const controller = new AbortController();
  const began = performance.now();
  let [first, last, count] = [0, 0, 0];
  const signal = AbortSignal.any([options.signal, controller.signal]);
  for await (const event of train({ ...options, signal })) {
    if (event.type !== 'step' || controller.signal.aborted) continue;
    count++;
    last = performance.now();
    if (count === 1) first = last;
    else if (count > STEPS || (count > 3 && last - first > 1000 * SECONDS)) controller.abort();
  }
  options.signal.throwIfAborted();
  return { start: (first - began) / 1000, step: (last - first) / 1000 / Math.max(1, count - 1) };
}
