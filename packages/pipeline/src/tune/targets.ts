import type { DatasetSplit } from '@anc/core';
import type { RunFolder } from '@anc/runtime';
import type { Emit } from '../events/events.js';
import { microBatchOf } from '../options/micro-batch.js';
import type { TrainingPlan } from '../planning/plan.js';
import {
  frozenTeacher,
  openTeacherCache,
  teacherCacheReport,
  teacherPredictions,
  type SharedTeacherOutputs,
} from '../training/teacher-cache.js';
import type { MeasuredFields } from './measured.js';
import { measuredFields } from './measured.js';
import type { TeacherTargets } from './trial.js';

/** The teacher of a tuning, opened. */
export interface OpenTargets extends TeacherTargets {
  /** Its own measure on the held-out images. */
  readonly measured: MeasuredFields;
  /** How often its cached outputs were used, in words; null where they were not. */
  report(): string | null;
  close(): Promise<void>;
}

/** Opens the teacher in a run folder, or the given one, and predicts the held-out images with it. */
export async function openTargets(
  plan: TrainingPlan,
  folder: RunFolder,
  held: DatasetSplit,
  { emit, signal }: { readonly emit: Emit; readonly signal: AbortSignal },
): Promise<OpenTargets> {
  const frozen = await frozenTeacher(plan, folder);
  const dispose = async (): Promise<void> => {
    if (!('given' in plan.teacher)) await frozen.dispose(); // else it belongs to the plan
  };
  try {
    const shared: SharedTeacherOutputs = {};
    const outputs = openTeacherCache(plan, frozen, shared, (message) => emit({ type: 'notice', message }));
    const { task, data: taskData, description } = plan.task;
    const evaluation = { task, taskData, batchSize: microBatchOf(plan.options.training), emit, signal };
    const predicted = await teacherPredictions(frozen, shared, held, 'held-out images', evaluation);
    return {
      outputs,
      predictions: predicted.predictions,
      measured: measuredFields(description, predicted.metrics?.[description.metrics[0].name]),
      report: () => teacherCacheReport(outputs.counts, null),
      async close() {
        await outputs.close();
        await dispose();
      },
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}
