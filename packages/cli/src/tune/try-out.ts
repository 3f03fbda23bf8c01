import {
  isAncError,
  type DatasetSplit,
  type HostTensor,
  type TeacherOutputs,
  type Variables,
} from '@anc/core';
import { CheckpointStore, type RunFolder, type ScalarLog } from '@anc/runtime';
import { evaluatePredictions, predict, type Predictions } from '../run/evaluate-player.js';
import { Interrupted } from '../run/interrupt.js';
import type { Planned, PlannedModel } from '../run/plan.js';
import type { Reporter } from '../run/reporter.js';
import { trainModel } from '../run/train-player.js';
import { formatSeconds, formatShare } from '../terminal/table.js';
import type { TrialResult } from './documents.js';
import { describeSetting, type Setting } from './settings.js';

/** What all trainings of a tuning share. */
export interface TuningContext {
  readonly plan: Planned;
  /** The held-out images: what tries are judged on. */
  readonly held: DatasetSplit;
  readonly folder: RunFolder;
  readonly scalars: ScalarLog;
  readonly reporter: Reporter;
  readonly signal: AbortSignal;
}

/** What the teacher says: of training images, and its classes for the held-out ones. */
export interface TeacherTargets {
  readonly outputs: TeacherOutputs;
  readonly classes: Int32Array;
}

/** Trains a player from where it stands. Throws `Interrupted` where the signal was raised. */
export async function trainCandidate(
  { plan, folder, scalars, reporter, signal }: TuningContext,
  player: PlannedModel,
  teacher: TeacherOutputs | null,
): Promise<{ readonly variables: Variables<HostTensor>; readonly seconds: number }> {
  const result = await trainModel(player, teacher, {
    folder,
    scalars,
    data: plan.data,
    backend: plan.backends.student,
    batchSize: plan.config.batchSize,
    seed: player.seed,
    reporter,
    signal,
    validation: null, // judged once, after the last epoch
    keepBest: () => Promise.resolve(),
  });
  if (result === null) throw new Interrupted();
  return result;
}

/** What a network says of the held-out images. */
const heldPredictions = (
  { plan, held, reporter, signal }: TuningContext,
  { network }: PlannedModel,
  variables: Variables<HostTensor>,
): Promise<Predictions> =>
  predict(network, variables, held, 'held-out images', {
    backend: plan.backends.student,
    batchSize: plan.config.batchSize,
    reporter,
    signal,
  });

/** One try: read where it is finished, else trained and judged on the held-out images. Its weights are not kept. */
export async function runTrial(
  workshop: TuningContext,
  player: PlannedModel,
  setting: Setting,
  { outputs, classes }: TeacherTargets,
): Promise<TrialResult> {
  const { folder, reporter, held } = workshop;
  const file = ['tries', `${player.name}.json`];
  const before = await folder.read(...file);
  const checkpoints = new CheckpointStore(folder.checkpointsOf(player.name));
  if (before !== null) {
    await checkpoints.clear(); // where the process ended between the result and this
    return JSON.parse(before) as TrialResult;
  }
  const result = await judged();
  await folder.write(file, `${JSON.stringify(result, null, 2)}\n`);
  await checkpoints.clear();
  reporter.end(`${player.name}: ${describeSetting(setting)}: ${inWords(result)}`);
  return result;

  async function judged(): Promise<TrialResult> {
    const common = { setting, seed: player.seed };
    try {
      const teacher = player.needsTeacher ? outputs : null;
      const { variables, seconds } = await trainCandidate(workshop, player, teacher);
      const { error, agreement } = await evaluatePredictions(
        await heldPredictions(workshop, player, variables),
        held,
        classes,
      );
      return { ...common, agreement, error, seconds };
    } catch (error) {
      if (!isAncError(error) || error.code !== 'ANC_DIVERGED') throw error;
      return { ...common, agreement: null, error: null, seconds: 0 }; // a rate too high is a finding, not a failure
    }
  }
}

const inWords = ({ agreement, error, seconds }: TrialResult): string =>
  agreement === null
    ? 'training diverged'
    : `agreement ${formatShare(agreement)}${error === null ? '' : `, error ${formatShare(error)}`} on held-out images, trained in ${formatSeconds(seconds)}`;
