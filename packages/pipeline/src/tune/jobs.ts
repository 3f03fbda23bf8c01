import { join } from 'node:path';
import { taskEntry } from '@anc/core/internal';
import { isLeftover, RunFolder } from '@anc/runtime';
import { exists } from '../compare/folder.js';
import type { Composition } from '../composition/compose.js';
import { isInterruption } from '../events/interrupted.js';
import { afterWorkBegan } from '../events/work-error.js';
import { jobsFolder, REPORT, runOf } from '../jobs/claims.js';
import type { Job, JobCall, JobPlan } from '../jobs/job.js';
import { copyEvents, copyRecords, inheritModel } from '../jobs/moved-files.js';
import { formatOptions } from '../options/record.js';
import type { RunOptions } from '../options/run-options.js';
import type { TrainingPlan } from '../planning/plan.js';
import { hookRunOf } from '../run/execution.js';
import { recordedNames } from '../run/recorded-names.js';
import type { Named } from '../text/named.js';
import { AGREEMENT } from '../tasks/agreement.js';
import { takes, under } from './candidate.js';
import type { TrialResult } from './documents.js';
import { runFolder, type TuneRecord } from './folder.js';
import { hooksOf, outcomeOf } from './hooks.js';
import { bestOf, nextSetting, type Setting, type Tried } from './settings.js';
import { scoreOf } from './summarize.js';
import { runTrial, type TeacherTargets } from './trial.js';

/** A planned tuning whose teacher is trained, with the teacher's outputs. */
export interface OpenTuning {
  readonly plan: TrainingPlan;
  readonly targets: TeacherTargets;
}

/** What the jobs of a tuning need. */
export interface TuningJobs {
  /** Absolute path of its folder. */
  readonly path: string;
  readonly record: TuneRecord;
  readonly options: RunOptions;
  readonly composition: Composition;
  /** Whether the teacher is not trained. */
  readonly isGiven: boolean;
  /** Trains the teacher in the run folder. Returns false where the signal was aborted. */
  readonly teach: (call: JobCall) => Promise<boolean>;
  /** Opens the tuning once, for all jobs of this process. */
  readonly open: () => Promise<OpenTuning>;
  readonly report: (call: JobCall) => Promise<boolean>;
}

/** A trial of a method, or one of its confirmations. */
interface Trial {
  /** Of the job and of the file with the result. */
  readonly name: string;
  /** The same for people, e.g. `kd, trial 2 of 5`. */
  readonly title: string;
  /** Number of the method, or of the seed, and how many there are. */
  readonly place: { readonly index: number; readonly count: number };
  readonly method: Named;
  readonly setting: Setting;
  /** Random seed of a confirmation. */
  readonly seed?: number;
  readonly after: readonly string[];
}

const TEACHER = 'teacher';

/**
 * The jobs of a tuning: the teacher; the rates that every method tries, which depend on nothing else; then one trial of a method
 * after the other, because each setting follows from the results before it; then the confirmations of its best setting.
 */
export function tuningJobs(tuning: TuningJobs): JobPlan {
  const { path, isGiven, teach, report } = tuning;
  const isComplete = (): Promise<boolean> => exists(join(path, 'tune.json'));
  return {
    folder: jobsFolder(path),
    isComplete,
    async jobs(): Promise<Job[]> {
      const hasTeacher = isGiven || (await exists(join(runFolder(path), 'teacher', 'tuned.json')));
      const names = await recordedNames(tuning.options.methods, { path: runFolder(path) });
      const trials: Trial[] = [];
      for (const i of tuning.options.methods.keys()) trials.push(...(await trialsOf(tuning, names[i]!, i)));
      const finished = await Promise.all(trials.map(({ name }) => resultOf(path, name)));
      return [
        { name: TEACHER, after: [], finished: hasTeacher, run: teach },
        ...trials.map((trial, i) => ({
          name: trial.name,
          after: trial.after,
          finished: finished[i] !== null,
          run: (call: JobCall) => trainTrial(tuning, trial, call),
        })),
        {
          name: REPORT,
          after: [TEACHER, ...trials.map(({ name }) => name)],
          finished: await isComplete(),
          isReport: true,
          run: report,
        },
      ];
    },
  };
}

/** The trials of a method that are known: those of the listed rates, and what follows from their results. */
async function trialsOf(tuning: TuningJobs, name: string, index: number): Promise<Trial[]> {
  const { path, record, options, composition, open } = tuning;
  const method = options.methods[index]!;
  const place = { index: index + 1, count: options.methods.length };
  const search = { ...record };
  const hasTemperature = record.temperatures.length > 0 && takes('temperature', method, options, composition);
  const trials: Trial[] = [];
  const tried: Tried[] = [];
  const [listed, budget] = [record.learningRates.length, record.budget];
  for (let trial = 1; trial <= budget; trial++) {
    const setting = nextSetting(search, hasTemperature, trial <= listed ? placeholders(trial - 1) : tried);
    if (setting === null) break;
    const title = `${name}, trial ${trial} of ${budget}`;
    const one = { name: `${name}-try-${trial}`, title, place, method, setting, after: [TEACHER] };
    trials.push(one);
    const result = tried.length < trial - 1 ? null : await resultOf(path, one.name);
    if (result === null) {
      if (trial >= listed) return trials; // the next one depends on this one, or on an earlier one
      continue;
    }
    const { plan } = await open();
    const { stages } = plan.students.find((student) => student.name === name)!;
    const [primary] = plan.task.description.metrics;
    const by = stages.some(({ usesLabels }) => usesLabels) ? primary : AGREEMENT;
    tried.push({ setting, score: scoreOf(result, by) });
  }
  if (tried.length < trials.length) return trials;
  const best = bestOf(tried);
  if (best === null) return trials;
  const seeds = Array.from({ length: record.confirm }, (_, i) => options.training.seed + i + 1);
  const { setting } = best;
  return [
    ...trials,
    ...seeds.map((seed, i) => ({
      name: `${name}-seed-${seed}`,
      title: `${name}, fresh seed ${seed}`,
      place: { index: i + 1, count: seeds.length },
      method,
      setting,
      seed,
      after: [TEACHER],
    })),
  ];
}

/** Trials whose results do not matter for a listed rate. */
const placeholders = (length: number): readonly Tried[] =>
  Array.from({ length }, () => ({ setting: { learningRate: 0 }, score: 0 }));

/** The result of a trial, from its job or from the run folder; null where there is none yet. */
async function resultOf(path: string, name: string): Promise<TrialResult | null> {
  for (const folder of [runFolder(path), runOf(jobsFolder(path), name)]) {
    if (!(await exists(join(folder, 'tries', `${name}.json`)))) continue;
    const run = await RunFolder.open(folder);
    return run.readDocument(['tries', `${name}.json`], (text) => JSON.parse(text) as TrialResult);
  }
  return null;
}

/** Trains one trial in the run folder of its job. */
async function trainTrial(
  { path, open }: TuningJobs,
  { name, title, place: at, method, setting, seed }: Trial,
  { emit, signal }: JobCall,
): Promise<boolean> {
  const { plan, targets } = await open();
  const place = runOf(jobsFolder(path), name);
  const isBegun = (await exists(place)) && !(await isLeftover(place));
  const folder = isBegun
    ? await RunFolder.open(place)
    : await RunFolder.create(place, formatOptions(plan.options));
  const unlock = await folder.lock();
  try {
    await inheritModel(await RunFolder.open(runFolder(path)), folder, name);
    const { training, objective } = under(plan.options, setting);
    const defaults = { training: seed === undefined ? training : { ...training, seed }, objective };
    const student = await plan.another(name, method, defaults);
    const hooks = hooksOf(plan, (message) => emit({ type: 'notice', message }));
    emit({ type: 'model', model: title, role: 'student', ...at, ...taskEntry(plan.task.description) });
    await hooks.during(
      hookRunOf({ plan, folder, emit }),
      () => runTrial({ plan, held: plan.data.held!, folder, hooks, emit, signal }, student, setting, targets),
      outcomeOf(signal),
    );
    return true;
  } catch (error) {
    if (isInterruption(error, signal)) return false;
    throw afterWorkBegan(error);
  } finally {
    await unlock();
  }
}

/** Brings the results of trials into the run folder, in the order of one process. */
export async function adoptTrials(
  path: string,
  to: RunFolder,
  names: readonly string[],
  { budget, confirm }: TuneRecord,
  seed: number,
): Promise<void> {
  const count = (length: number): number[] => Array.from({ length }, (_, i) => i + 1);
  const trials = [
    ...names.flatMap((name) => count(budget).map((trial) => `${name}-try-${trial}`)),
    ...count(confirm).flatMap((i) => names.map((name) => `${name}-seed-${seed + i}`)),
  ];
  for (const trial of trials) {
    const [place, file] = [runOf(jobsFolder(path), trial), ['tries', `${trial}.json`]];
    if (!(await exists(join(place, ...file))) || (await exists(join(to.path, ...file)))) continue;
    const from = await RunFolder.open(place);
    await copyRecords(from, to, trial);
    await copyEvents(from, to, trial);
    await to.write(file, (await from.readBytes(...file))!);
  }
}
