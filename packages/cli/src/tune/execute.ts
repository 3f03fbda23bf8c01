import { join } from 'node:path';
import { encodeNumbers } from '@anc/core';
import { ScalarLog, TeacherCache, writeFileAtomically, type RunFolder } from '@anc/runtime';
import { loadComposition } from '../commands/load-composition.js';
import type { Composition } from '../composition/compose.js';
import { describeNamed } from '../config/named.js';
import { isInterruption } from '../run/interrupt.js';
import { evaluatePredictions } from '../run/evaluate-player.js';
import { weightsMetadata } from '../run/model-card.js';
import type { Planned, PlannedModel } from '../run/plan.js';
import {
  frozenTeacher,
  teacherCacheReport,
  openTeacherCache,
  teacherPredictions,
  type SharedTeacherOutputs,
} from '../run/remembered-teacher.js';
import type { Reporter } from '../run/reporter.js';
import { writeWeights } from '../run/weights.js';
import { shownPath } from '../terminal/shown-path.js';
import { formatShare } from '../terminal/table.js';
import { takes, under } from './candidate.js';
import type { TrialResult, TuneResult } from './documents.js';
import type { TuneRecord } from './folder.js';
import { foundConfig } from './found-config.js';
import { tuningReport } from './report.js';
import { bestOf, nextSetting, type Setting } from './settings.js';
import { scoreOf, summarizeTuning, type Candidate } from './summarize.js';
import { trainCandidate, runTrial, type TeacherTargets, type TuningContext } from './try-out.js';

export interface Tuning {
  /** Absolute path of its folder. */
  readonly path: string;
  readonly cwd: string;
  readonly record: TuneRecord;
  readonly plan: Planned;
  /** The run folder of all its trainings. */
  readonly folder: RunFolder;
  readonly reporter: Reporter;
  readonly signal: AbortSignal;
}

/**
 * One teacher, then every method's tries, then what each of them chose with fresh seeds. What an earlier process
 * finished is read. Null where the signal was raised: the folder then continues from there.
 */
export async function executeTuning(tuning: Tuning): Promise<TuneResult | null> {
  try {
    return await tuneAll(tuning);
  } catch (error) {
    if (isInterruption(error, tuning.signal)) return null;
    throw error;
  }
}

async function tuneAll({ path, cwd, record, plan, folder, reporter, signal }: Tuning): Promise<TuneResult> {
  const { config, data, teacher } = plan;
  const composition = await loadComposition(config.plugins, cwd);
  const scalars = new ScalarLog(folder);
  const workshop: TuningContext = { plan, held: data.held!, folder, scalars, reporter, signal };
  if (!('given' in teacher)) await trainTeacher(workshop, teacher);
  const frozen = await frozenTeacher(plan, folder);
  const memory: SharedTeacherOutputs = {};
  const memo = openTeacherCache(plan, frozen, memory, (text) => reporter.notice(text));
  try {
    const said = await teacherPredictions(frozen, memory, data.held!, 'held-out images', {
      batchSize: config.batchSize,
      reporter,
      signal,
    });
    const taught = { outputs: memo, classes: said.classes };
    const { error: teacherError } = await evaluatePredictions(said, data.held!, null);
    const candidates: Candidate[] = [];
    for (const [i, player] of plan.students.entries()) {
      const place = { index: i + 1, count: plan.students.length };
      candidates.push(await tune(workshop, player, taught, record, composition, place));
    }
    const confirmed = await confirm(workshop, candidates, taught, record.confirm);
    const report = memo instanceof TeacherCache ? teacherCacheReport(memo.counts, null) : null;
    if (report !== null) reporter.end(report);
    const shown = shownPath(path, cwd);
    const result = summarizeTuning(confirmed, {
      tune: shown,
      found: join(shown, FOUND),
      config,
      backend: plan.backends.student.name,
      images: { training: data.train.images.count, held: data.held!.images.count },
      teacherError,
      record,
    });
    const best = confirmed.flatMap(({ player, best }) =>
      best === null ? [] : [{ method: player.method, setting: best.setting }],
    );
    await writeFileAtomically(join(path, FOUND), foundConfig(config, record.said, best, composition, result));
    await writeFileAtomically(join(path, 'tune.json'), `${JSON.stringify(encodeNumbers(result), null, 2)}\n`);
    await writeFileAtomically(join(path, 'report.html'), tuningReport(result));
    return result;
  } finally {
    if (memo instanceof TeacherCache) await memo.close();
    if (!('given' in teacher)) await frozen.dispose(); // the plan's own otherwise
  }
}

/** The configuration with every method at its best setting. */
const FOUND = 'tuned.yaml';

async function trainTeacher(workshop: TuningContext, teacher: PlannedModel): Promise<void> {
  const { plan, folder, reporter } = workshop;
  if ((await folder.read('teacher', 'tuned.json')) !== null) {
    reporter.end('teacher: finished before');
    return;
  }
  reporter.begin('teacher', { index: 1, count: 1 });
  const { variables, seconds } = await trainCandidate(workshop, teacher, null);
  await writeWeights(folder, ['teacher'], variables, weightsMetadata(plan, teacher));
  await folder.write(['teacher', 'tuned.json'], `${JSON.stringify({ seconds }, null, 2)}\n`);
}

/** All tries of one method. */
async function tune(
  workshop: TuningContext,
  player: PlannedModel,
  taught: TeacherTargets,
  { learningRates, temperatures, budget }: TuneRecord,
  composition: Composition,
  { index, count }: { index: number; count: number },
): Promise<Candidate> {
  const { plan, reporter } = workshop;
  const search = { learningRates, temperatures, budget };
  const heat = temperatures.length > 0 && takes('temperature', player.method, plan.config, composition);
  const by = player.stages.some(({ usesLabels }) => usesLabels) ? 'error' : 'agreement';
  const tried: { readonly setting: Setting; readonly score: number; readonly result: TrialResult }[] = [];
  let setting = nextSetting(search, heat, tried);
  while (setting !== null) {
    const name = `${player.name}-try-${tried.length + 1}`;
    reporter.begin(`${player.name}, try ${tried.length + 1} of ${budget}`, { index, count });
    const student = await plan.another(name, player.method, under(plan.config, setting));
    const result = await runTrial(workshop, student, setting, taught);
    tried.push({ setting, score: scoreOf(result, by), result });
    setting = nextSetting(search, heat, tried);
  }
  const best = bestOf(tried)?.result ?? null;
  const { agreement } = best ?? {};
  if (agreement !== undefined)
    reporter.end(`${player.name}: best of ${tried.length}: agreement ${formatShare(agreement)}`);
  const usesLabels = player.stages.some((stage) => stage.usesLabels);
  return {
    player,
    described: describeNamed(player.method),
    usesLabels,
    by,
    tries: tried.map(({ result }) => result),
    best,
    confirmations: [],
  };
}

/** What every method chose, with seeds that had no part in the choice. */
async function confirm(
  workshop: TuningContext,
  candidates: readonly Candidate[],
  taught: TeacherTargets,
  seeds: number,
): Promise<Candidate[]> {
  const { plan, reporter } = workshop;
  const all = candidates.map((candidate) => ({ ...candidate, confirmations: [] as TrialResult[] }));
  for (let i = 1; i <= seeds; i++) {
    const seed = plan.config.seed + i;
    for (const { player, best, confirmations } of all) {
      if (best === null) continue;
      const name = `${player.name}-seed-${seed}`;
      reporter.begin(`${player.name}, fresh seed ${seed}`, { index: i, count: seeds });
      const config = { ...under(plan.config, best.setting), seed };
      const student = await plan.another(name, player.method, config);
      confirmations.push(await runTrial(workshop, student, best.setting, taught));
    }
  }
  return all;
}
