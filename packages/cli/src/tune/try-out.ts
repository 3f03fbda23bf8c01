import { isAncError, type DatasetSplit, type Host, type TeacherOutputs, type Variables } from '@anc/core';
import { CheckpointStore, type RunFolder, type ScalarLog } from '@anc/runtime';
import { judge, predict, type Predictions } from '../run/evaluate-player.js';
import { Interrupted } from '../run/interrupt.js';
import type { Planned, PlannedPlayer } from '../run/plan.js';
import type { Reporter } from '../run/reporter.js';
import { trainPlayer } from '../run/train-player.js';
import { formatSeconds, formatShare } from '../terminal/table.js';
import type { TryResult } from './documents.js';
import { describeSetting, type Setting } from './settings.js';

/** What all trainings of a tuning share. */
export interface Workshop {
  readonly plan: Planned;
  /** The held-out images: what tries are judged on. */
  readonly held: DatasetSplit;
  readonly folder: RunFolder;
  readonly scalars: ScalarLog;
  readonly reporter: Reporter;
  readonly signal: AbortSignal;
}

/** What the teacher says: of training images, and its classes for the held-out ones. */
export interface Taught {
  readonly outputs: TeacherOutputs;
  readonly classes: Int32Array;
}

/** Trains a player from where it stands. Throws `Interrupted` where the signal was raised. */
export async function trained(
  { plan, folder, scalars, reporter, signal }: Workshop,
  player: PlannedPlayer,
  teacher: TeacherOutputs | null,
): Promise<{ readonly variables: Variables<Host>; readonly seconds: number }> {
  const result = await trainPlayer(player, teacher, {
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
  { plan, held, reporter, signal }: Workshop,
  { network }: PlannedPlayer,
  variables: Variables<Host>,
): Promise<Predictions> =>
  predict(network, variables, held, 'held-out images', {
    backend: plan.backends.student,
    batchSize: plan.config.batchSize,
    reporter,
    signal,
  });

/** One try: read where it is finished, else trained and judged on the held-out images. Its weights are not kept. */
export async function tryOut(
  workshop: Workshop,
  player: PlannedPlayer,
  setting: Setting,
  { outputs, classes }: Taught,
): Promise<TryResult> {
  const { folder, reporter, held } = workshop;
  const file = ['tries', `${player.name}.json`];
  const before = await folder.read(...file);
  const checkpoints = new CheckpointStore(folder.checkpointsOf(player.name));
  if (before !== null) {
    await checkpoints.clear(); // where the process ended between the result and this
    return JSON.parse(before) as TryResult;
  }
  const result = await judged();
  await folder.write(file, `${JSON.stringify(result, null, 2)}\n`);
  await checkpoints.clear();
  reporter.end(`${player.name}: ${describeSetting(setting)}: ${inWords(result)}`);
  return result;

  async function judged(): Promise<TryResult> {
    const common = { setting, seed: player.seed };
    try {
      const teacher = player.needsTeacher ? outputs : null;
      const { variables, seconds } = await trained(workshop, player, teacher);
      const { error, agreement } = await judge(
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

const inWords = ({ agreement, error, seconds }: TryResult): string =>
  agreement === null
    ? 'training diverged'
    : `agreement ${formatShare(agreement)}${error === null ? '' : `, error ${formatShare(error)}`} on held-out images, trained in ${formatSeconds(seconds)}`;
