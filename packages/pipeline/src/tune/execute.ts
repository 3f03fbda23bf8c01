import { encodeNumbers, taskEntry } from '@anc/core/internal';
import { join } from 'node:path';
import {
  CheckpointStore,
  Checksums,
  removeTemporary,
  writeFileAtomically,
  type RunFolder,
} from '@anc/runtime';
import type { Composition } from '../composition/compose.js';
import type { Emit } from '../events/events.js';
import { Interrupted, isInterruption } from '../events/interrupted.js';
import { reportOrNotice } from '../files/report-or-notice.js';
import type { HookRunner } from '../hooks/hook-runner.js';
import { writeWeights } from '../files/weights.js';
import { areJobsOpen, closeJobs, jobsFolder, REPORT } from '../jobs/claims.js';
import type { Job } from '../jobs/job.js';
import type { Processes } from '../jobs/processes.js';
import { work } from '../jobs/work.js';
import type { PlannedModel, TrainingPlan } from '../planning/plan.js';
import { hookRunOf } from '../run/execution.js';
import { weightsMetadata } from '../run/model-card.js';
import { formatShare } from '../text/format.js';
import { describeNamed } from '../text/named.js';
import { shownPath } from '../text/shown-path.js';
import { AGREEMENT } from '../tasks/agreement.js';
import { takes, under } from './candidate.js';
import type { TrialResult, TuneResult } from './documents.js';
import type { TuneRecord } from './folder.js';
import { hooksOf, outcomeOf } from './hooks.js';
import { adoptTrials, tuningJobs, type OpenTuning } from './jobs.js';
import { tuningReport } from './report.js';
import { bestOf, nextSetting, type Setting } from './settings.js';
import { scoreOf, summarizeTuning, type Candidate } from './summarize.js';
import { openTargets, type OpenTargets } from './targets.js';
import { runTrial, trainCandidate, type TeacherTargets, type TuningContext } from './trial.js';
import { tunedConfig } from './tuned-config.js';

export interface Tuning {
  /** Absolute path of its folder. */
  readonly path: string;
  readonly cwd: string;
  readonly record: TuneRecord;
  readonly plan: TrainingPlan;
  readonly composition: Composition;
  /** The run folder of all its trainings. */
  readonly folder: RunFolder;
  readonly emit: Emit;
  readonly signal: AbortSignal;
  /** Processes that share the trials; default: this one, one trial after the other. */
  readonly processes?: Processes | undefined;
}

/**
 * One teacher, then every method's trials, then the chosen settings with fresh seeds. What an earlier process finished is
 * read. Returns null where the signal was aborted: the folder then continues from there.
 */
export async function executeTuning(tuning: Tuning): Promise<TuneResult | null> {
  const { path, plan, emit, signal } = tuning;
  await removeTemporary(path); // the run folder in it is locked
  const hooks = hooksOf(plan, (message) => emit({ type: 'notice', message }));
  try {
    return await hooks.during(hookRunOf(tuning), () => tuneAll(tuning, hooks), outcomeOf(signal));
  } catch (error) {
    if (isInterruption(error, signal)) return null;
    throw error;
  }
}

async function tuneAll(tuning: Tuning, hooks: HookRunner): Promise<TuneResult> {
  const { path, cwd, record, plan, composition, folder, emit, signal } = tuning;
  const { options, data, teacher } = plan;
  const held = data.held!;
  const notice = (message: string): void => emit({ type: 'notice', message });
  const context: TuningContext = {
    plan,
    held,
    folder,
    hooks,
    emit,
    signal,
  };
  if (!('given' in teacher)) await trainTeacher(context, teacher);
  await trainInJobs(tuning, context);
  const targets = await openTargets(plan, folder, held, context);
  try {
    const { error: teacherError, metrics: teacherMetrics } = targets.measured;
    const candidates: Candidate[] = [];
    for (const [i, model] of plan.students.entries()) {
      const place = { index: i + 1, count: plan.students.length };
      candidates.push(await tuneMethod(context, model, targets, record, composition, place));
    }
    const confirmed = await confirm(context, candidates, targets, record.confirm);
    const report = targets.report();
    if (report !== null) emit({ type: 'message', message: report });
    const shown = shownPath(path, cwd);
    const result = summarizeTuning(confirmed, {
      tune: shown,
      found: join(shown, TUNED),
      dataset: options.data.dataset.name,
      seed: options.training.seed,
      backend: plan.backends.student.name,
      images: { training: data.train.images.count, held: held.images.count },
      teacherError,
      ...(teacherMetrics && { teacherMetrics }),
      task: plan.task.description,
      record,
    });
    const best = confirmed.flatMap(({ model, best }) =>
      best === null ? [] : [{ method: model.method, setting: best.setting }],
    );
    await folder.assertHeld();
    await writeFileAtomically(
      join(path, TUNED),
      tunedConfig(options, record.given, best, composition, result),
    );
    await new Checksums(path).write('tune.json', `${JSON.stringify(encodeNumbers(result), null, 2)}\n`);
    const writePage = async (): Promise<void> =>
      writeFileAtomically(join(path, 'report.html'), await tuningReport(result));
    await reportOrNotice(writePage, shown, notice);
    await closeJobs(jobsFolder(path), REPORT, false);
    return result;
  } finally {
    await targets.close();
  }
}

/** Trains in jobs, beside other processes, where the caller asked for that or it was begun so. Throws `Interrupted`. */
async function trainInJobs(tuning: Tuning, context: TuningContext): Promise<void> {
  const { path, record, plan, composition, folder, emit, signal, processes } = tuning;
  if (processes === undefined && !(await areJobsOpen(jobsFolder(path), ''))) return;
  if (processes === undefined) {
    let opened: OpenTargets | null = null;
    const open = async (): Promise<OpenTuning> => {
      opened ??= await openTargets(plan, folder, context.held, context);
      return { plan, targets: opened };
    };
    const done = (): Promise<boolean> => Promise.resolve(true);
    const { options } = plan;
    const jobs = { path, record, options, composition, isGiven: true, teach: done, open, report: done };
    try {
      const leaves = ({ isReport }: Job): boolean => isReport === true;
      if (!(await work(tuningJobs(jobs), { emit, signal, leaves }))) throw new Interrupted();
    } finally {
      await (opened as OpenTargets | null)?.close();
    }
  } else if (!(await processes.run(path, { emit, signal }))) throw new Interrupted();
  const names = plan.students.map(({ name }) => name);
  await adoptTrials(path, folder, names, record, plan.options.training.seed);
}

/** Trains the teacher of a tuning, unless it is given. Returns false where the signal was aborted. */
export async function executeTuningTeacher(tuning: Tuning): Promise<boolean> {
  const { plan, folder, emit, signal } = tuning;
  const hooks = hooksOf(plan, (message) => emit({ type: 'notice', message }));
  const { teacher } = plan;
  if ('given' in teacher) return true;
  try {
    const context = { plan, held: plan.data.held!, folder, hooks, emit, signal };
    await hooks.during(
      hookRunOf(tuning),
      async () => (await trainTeacher(context, teacher), {}),
      outcomeOf(signal),
    );
    return true;
  } catch (error) {
    if (isInterruption(error, signal)) return false;
    throw error;
  }
}

/** The configuration with every method at its best setting. */
const TUNED = 'tuned.yaml';

async function trainTeacher(context: TuningContext, teacher: PlannedModel): Promise<void> {
  const { plan, folder, emit } = context;
  const checkpoints = new CheckpointStore(folder.checkpointsOf('teacher'));
  if ((await folder.read('teacher', 'tuned.json')) !== null) {
    await checkpoints.clear(); // in case the process ended between writing the result and this
    emit({ type: 'message', message: 'teacher: finished before' });
    return;
  }
  const about = taskEntry(plan.task.description);
  emit({ type: 'model', model: 'teacher', role: 'teacher', index: 1, count: 1, ...about });
  const { variables, seconds } = await trainCandidate(context, teacher, null);
  await writeWeights(folder, ['teacher'], variables, weightsMetadata(plan, teacher));
  await folder.write(['teacher', 'tuned.json'], `${JSON.stringify({ seconds }, null, 2)}\n`);
  await checkpoints.clear();
}

/** All trials of one method. */
async function tuneMethod(
  context: TuningContext,
  model: PlannedModel,
  targets: TeacherTargets,
  { learningRates, temperatures, budget }: TuneRecord,
  composition: Composition,
  { index, count }: { index: number; count: number },
): Promise<Candidate> {
  const { plan, emit } = context;
  const search = { learningRates, temperatures, budget };
  const hasTemperature =
    temperatures.length > 0 && takes('temperature', model.method, plan.options, composition);
  const usesLabels = model.stages.some((stage) => stage.usesLabels);
  const [primary] = plan.task.description.metrics;
  const by = usesLabels ? primary.name : AGREEMENT.name;
  const tried: { readonly setting: Setting; readonly score: number; readonly result: TrialResult }[] = [];
  let setting = nextSetting(search, hasTemperature, tried);
  while (setting !== null) {
    const trial = tried.length + 1;
    const title = `${model.name}, trial ${trial} of ${budget}`;
    emit({
      type: 'model',
      model: title,
      role: 'student',
      index,
      count,
      ...taskEntry(plan.task.description),
    });
    const student = await plan.another(
      `${model.name}-try-${trial}`,
      model.method,
      under(plan.options, setting),
    );
    const result = await runTrial(context, student, setting, targets);
    tried.push({ setting, score: scoreOf(result, usesLabels ? primary : AGREEMENT), result });
    setting = nextSetting(search, hasTemperature, tried);
  }
  const best = bestOf(tried)?.result ?? null;
  const { agreement } = best ?? {};
  if (agreement !== undefined) {
    const message = `${model.name}: best of ${tried.length}: agreement ${formatShare(agreement)}`;
    emit({ type: 'message', message });
  }
  return {
    model,
    described: describeNamed(model.method),
    usesLabels,
    by,
    tries: tried.map(({ result }) => result),
    best,
    confirmations: [],
  };
}

/** Each method's best setting, trained with seeds that had no part in the choice. */
async function confirm(
  context: TuningContext,
  candidates: readonly Candidate[],
  targets: TeacherTargets,
  seeds: number,
): Promise<Candidate[]> {
  const { plan, emit } = context;
  const all = candidates.map((candidate) => ({ ...candidate, confirmations: [] as TrialResult[] }));
  for (let i = 1; i <= seeds; i++) {
    const seed = plan.options.training.seed + i;
    for (const { model, best, confirmations } of all) {
      if (best === null) continue;
      const title = `${model.name}, fresh seed ${seed}`;
      const about = taskEntry(plan.task.description);
      emit({ type: 'model', model: title, role: 'student', index: i, count: seeds, ...about });
      const { training, objective } = under(plan.options, best.setting);
      const defaults = { training: { ...training, seed }, objective };
      const student = await plan.another(`${model.name}-seed-${seed}`, model.method, defaults);
      confirmations.push(await runTrial(context, student, best.setting, targets));
    }
  }
  return all;
}
