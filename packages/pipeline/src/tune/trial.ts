import {
  AncError,
  isAncError,
  type DatasetSplit,
  type HostTensor,
  type Predictions,
  type TaskMetric,
  type TeacherOutputs,
  type Variables,
} from '@anc/core';
import type { SplitPredictions } from '@anc/core/internal';
import { CheckpointStore, type RunFolder } from '@anc/runtime';
import { identitiesOf } from '../composition/provenance.js';
import { evaluatePredictions, predict } from '../training/evaluate-model.js';
import { Interrupted } from '../events/interrupted.js';
import { microBatchOf } from '../options/micro-batch.js';
import type { PlannedModel, TrainingPlan } from '../planning/plan.js';
import type { HookRunner } from '../hooks/hook-runner.js';
import type { Emit } from '../events/events.js';
import type { StoppedResult } from '../events/documents.js';
import { stoppedWhere } from '../run/stopped.js';
import { trainModel } from '../training/train-model.js';
import { formatMetric, formatSeconds, formatShare } from '../text/format.js';
import type { TrialResult } from './documents.js';
import { measuredFields, measuredValue } from './measured.js';
import { describeSetting, type Setting } from './settings.js';

/** What all trainings of a tuning share. */
export interface TuningContext {
  readonly plan: TrainingPlan;
  /** The held-out images, on which trials are evaluated. */
  readonly held: DatasetSplit;
  readonly folder: RunFolder;
  readonly hooks: HookRunner;
  readonly emit: Emit;
  readonly signal: AbortSignal;
}

/** The teacher's outputs for training images, and its predictions for the held-out ones. */
export interface TeacherTargets {
  readonly outputs: TeacherOutputs;
  readonly predictions: Predictions;
}

/**
 * Trains a model, from its checkpoint where it has one; a hook may end that early, which a notice says. Throws `Interrupted`
 * where the signal was aborted, and `ANC_STOPPED` where a hook asks that no other model is trained.
 */
export async function trainCandidate(
  { plan, folder, hooks, emit, signal }: TuningContext,
  model: PlannedModel,
  teacher: TeacherOutputs | null,
): Promise<{ readonly variables: Variables<HostTensor>; readonly seconds: number }> {
  const result = await trainModel(model, teacher, {
    folder,
    hooks,
    data: plan.data,
    backend: plan.backends.student,
    batchSize: plan.options.training.batchSize,
    accumulate: plan.options.training.accumulate ?? 1,
    seed: model.seed,
    plugins: identitiesOf(plan.plugins),
    emit,
    signal,
    ...(plan.options.output.checkpointMinutes === undefined
      ? {}
      : { checkpointMinutes: plan.options.output.checkpointMinutes }),
    validation: null, // evaluated once, after the last epoch
    keepBest: () => Promise.resolve(),
  });
  if (result === null) throw new Interrupted();
  const { stopped } = result;
  if (stopped?.stop === 'run') throw stoppedTuningError(model.name, stopped);
  if (stopped !== null)
    emit({ type: 'notice', message: `${model.name}: training was stopped ${stoppedWhere(stopped)}.` });
  return result;
}

const stoppedTuningError = (name: string, stopped: StoppedResult): AncError =>
  new AncError('ANC_STOPPED', `the tuning was stopped with ${name}.`, {
    received: `a request ${stoppedWhere(stopped)}`,
    hint: 'tune again without this hook, or with other options of it.',
  });

/** A network's predictions for the held-out images. */
const heldPredictions = (
  { plan, held, emit, signal }: TuningContext,
  { network }: PlannedModel,
  variables: Variables<HostTensor>,
): Promise<SplitPredictions> =>
  predict(network, variables, held, 'held-out images', {
    backend: plan.backends.student,
    task: plan.task.task,
    taskData: plan.task.data,
    batchSize: microBatchOf(plan.options.training),
    emit,
    signal,
  });

/** One trial: read where it is finished, else trained and evaluated on the held-out images. Its weights are not kept. */
export async function runTrial(
  context: TuningContext,
  model: PlannedModel,
  setting: Setting,
  { outputs, predictions }: TeacherTargets,
): Promise<TrialResult> {
  const { folder, emit, plan } = context;
  const { task, description } = plan.task;
  const [primary] = description.metrics;
  const file = ['tries', `${model.name}.json`];
  const before = await folder.readDocument(file, (text) => JSON.parse(text) as TrialResult);
  const checkpoints = new CheckpointStore(folder.checkpointsOf(model.name));
  if (before !== null) {
    await checkpoints.clear(); // in case the process ended between writing the result and this
    return before;
  }
  const result = await trainAndEvaluate();
  await folder.write(file, `${JSON.stringify(result, null, 2)}\n`);
  await checkpoints.clear();
  emit({
    type: 'message',
    message: `${model.name}: ${describeSetting(setting)}: ${inWords(result, primary)}`,
  });
  return result;

  async function trainAndEvaluate(): Promise<TrialResult> {
    const common = { setting, seed: model.seed };
    try {
      const teacher = model.needsTeacher ? outputs : null;
      const { variables, seconds } = await trainCandidate(context, model, teacher);
      const { metrics, agreement } = evaluatePredictions(
        await heldPredictions(context, model, variables),
        predictions,
        task,
      );
      const measured = measuredFields(description, metrics?.[primary.name]);
      return { ...common, agreement: agreement!.agreement, ...measured, seconds };
    } catch (error) {
      if (!isAncError(error) || error.code !== 'ANC_DIVERGED') throw error;
      return { ...common, agreement: null, error: null, seconds: 0 }; // a rate too high is a finding, not a failure
    }
  }
}

function inWords(result: TrialResult, primary: TaskMetric): string {
  const { agreement, seconds } = result;
  if (agreement === null) return 'training diverged';
  const value = measuredValue(result, primary);
  const measured = value === null ? '' : `, ${primary.name} ${formatMetric(value, primary)}`;
  return `agreement ${formatShare(agreement)}${measured} on held-out images, trained in ${formatSeconds(seconds)}`;
}
