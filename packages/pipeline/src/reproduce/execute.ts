import { encodeNumbers, shellQuoted } from '@anc/core/internal';
import { join } from 'node:path';
import { Checksums, RunFolder, writeFileAtomically } from '@anc/runtime';
import type { CompareResult } from '../compare/documents.js';
import { executeComparison } from '../compare/execute.js';
import { intervalOf } from '../compare/interval.js';
import { areJobsOpen, closeJobs, jobsFolder, removeJobs, REPORT } from '../jobs/claims.js';
import type { Processes } from '../jobs/processes.js';
import { work } from '../jobs/work.js';
import { studentNames } from '../options/student-names.js';
import { comparePlugins, foundPlugins } from '../run/compare-plugins.js';
import type { ResumeRequest } from '../run/start.js';
import type { ReproducedRow, ReproduceResult } from './documents.js';
import { exists, seedFolder } from '../compare/folder.js';
import { reportOrNotice } from '../files/report-or-notice.js';
import { whileLocked, type FolderLock } from '../files/folder-lock.js';
import { shownPath } from '../text/shown-path.js';
import { RECORD, type Reproduction } from './folder.js';
import { indexOf, type PlannedGroup } from './grid.js';
import { comparisonOf, prepareReproduction, reproductionJobs } from './jobs.js';
import { reproductionReport } from './report.js';
import { tables, type PaperRow } from './tables.js';

/** A reproduction to run or to continue; `path` is the absolute path of its folder. */
export interface ReproduceExecution extends Pick<
  ResumeRequest,
  'path' | 'cwd' | 'emit' | 'changes' | 'compose' | 'fetching' | 'acceptPlugins'
> {
  readonly reproduction: Reproduction;
  readonly signal: AbortSignal;
  /** Processes that share the trainings; default: this one, one training after the other. */
  readonly processes?: Processes | undefined;
}

/**
 * Executes one comparison per group of the table, each in its own folder; finished ones are read. Returns null where the
 * signal was aborted: the folder then continues from there.
 */
export const executeReproduction = (execution: ReproduceExecution): Promise<ReproduceResult | null> =>
  whileLocked(execution.path, RECORD, (lock) => reproduceAll(execution, lock));

async function reproduceAll(
  { processes, ...execution }: ReproduceExecution,
  lock: FolderLock,
): Promise<ReproduceResult | null> {
  const { path, cwd, reproduction, emit } = execution;
  const { grid, seeds } = reproduction;
  const again = `anc-cli reproduce --resume ${shellQuoted(path)}`;
  if (execution.acceptPlugins !== true) await assertSamePlugins(execution, again);
  const results: CompareResult[] = [];
  if (!(await trainInJobs(execution, processes))) return null;
  for (const group of grid) {
    const { name, options } = group;
    const message = `${name}: ${options.methods.length} methods, ${seeds.length} seeds`;
    emit({ type: 'message', message });
    const comparison = comparisonOf(execution, group);
    const result = await executeComparison({
      ...comparison,
      prepared: async () => {
        await comparison.prepared?.();
        await lock.take();
      },
    });
    if (result === null) return null;
    results.push(result);
  }
  const shown = shownPath(path, cwd);
  const summary = summarizeTable(reproduction, results, shown);
  const text = JSON.stringify(encodeNumbers(summary), null, 2);
  await lock.assertHeld();
  await new Checksums(path).write('reproduce.json', `${text}\n`);
  const writePage = (): Promise<void> =>
    writeFileAtomically(join(path, 'report.html'), reproductionReport(summary));
  await reportOrNotice(writePage, shown, (message) => emit({ type: 'notice', message }));
  await closeJobs(jobsFolder(path), REPORT, summary.diverged !== undefined);
  return summary;
}

/** Trains in jobs where the caller asked for several processes, or it was begun so. False: the signal was aborted. */
async function trainInJobs(
  execution: Omit<ReproduceExecution, 'processes'>,
  processes: Processes | undefined,
): Promise<boolean> {
  const { path, emit, signal } = execution;
  const folder = jobsFolder(path);
  if (processes === undefined && !(await areJobsOpen(folder, ''))) return true;
  if (await exists(join(path, 'reproduce.json'))) await removeJobs(folder); // what diverged is trained again
  if (!(await exists(join(path, RECORD)))) await prepareReproduction(execution);
  if (processes !== undefined) return processes.run(path, { emit, signal });
  const plan = reproductionJobs(execution, () => Promise.resolve(true));
  return work(plan, { emit, signal, leaves: ({ isReport }) => isReport === true });
}

/**
 * Throws `ANC_PLUGIN_CHANGED` where a comparison is still to be made with other plugins than the first one was: those that are
 * finished are only read.
 */
async function assertSamePlugins(
  { path, reproduction, compose }: ReproduceExecution,
  again: string,
): Promise<void> {
  const { grid, seeds } = reproduction;
  const finished = await Promise.all(grid.map(({ name }) => exists(join(path, name, 'compare.json'))));
  const first = seedFolder(join(path, grid[0]!.name), seeds[0]!);
  if (finished[0] !== true || finished.every(Boolean) || !(await exists(first))) return;
  const folder = await RunFolder.open(first);
  const { records } = await compose(grid[0]!.options.plugins, await foundPlugins(folder));
  await comparePlugins(folder, await records(), { accept: false, isOver: false }, () => {}, again);
}

/** Paper beside measured, row by row. */
export function summarizeTable(
  { table, scale, seeds, grid }: Reproduction,
  results: readonly CompareResult[],
  shown: string,
): ReproduceResult {
  const diverged = results.flatMap(({ diverged: methods = [] }, i) =>
    methods.map((method) => ({ ...method, name: `${grid[i]!.name}, ${method.name}` })),
  );
  const interpretation = [
    ...grid.map(deviation),
    "The paper's figures are single runs; ± is a 95 % t-interval over the seeds of the students, for one teacher.",
    ...diverged.map(({ name, seeds: of }) => `${name}: diverged with seed ${of.join(', ')}: not measured.`),
    ...results.flatMap(({ methods }, i) =>
      methods.flatMap(({ name, differences }) =>
        differences.map(({ text }) => `${grid[i]!.name}, ${name}: ${text}.`),
      ),
    ),
  ];
  return {
    reproduce: shown,
    table,
    title: tables[table].title,
    scale,
    seeds,
    comparisons: results.map(({ compare }) => compare),
    rows: grid.flatMap((planned, i) => rowsOfGroup(planned, results[i]!)),
    ...(diverged.length === 0 ? {} : { diverged }),
    interpretation,
    reading: interpretation,
  };
}

function rowsOfGroup(planned: PlannedGroup, { teacher, methods }: CompareResult): ReproducedRow[] {
  const { group, options } = planned;
  const found = (run: PaperRow['run']) => {
    if (run === null) return { measured: null, measuredTop5: null };
    if (run === 'teacher') {
      const [measured, measuredTop5] = [teacher.testError, teacher.testTop5Error].map((error) =>
        typeof error === 'number' ? intervalOf([error]) : null,
      );
      return { measured: measured!, measuredTop5: measuredTop5! };
    }
    const name = studentNames(options.methods)[indexOf(planned, run.method)];
    const method = methods.find((other) => other.name === name); // none where its training diverged
    return { measured: method?.testError ?? null, measuredTop5: method?.testTop5Error ?? null };
  };
  return group.rows.map(({ label, error, top5, run, note }) => {
    const { measured, measuredTop5 } = found(run);
    return {
      dataset: group.dataset,
      student: options.student.model.name,
      label,
      run: run === null || run === 'teacher' ? run : run.method,
      paper: share(error),
      measured,
      ...(top5 === undefined ? {} : { paperTop5: share(top5), measuredTop5 }),
      ...(note === undefined ? {} : { note }),
    };
  });
}

/** Per cent as a fraction, without the last bits of the division. */
const share = (percent: number): number => Number((percent / 100).toFixed(6));

/** How a group's runs differ from the paper's, in one sentence. */
function deviation({ name, group, options }: PlannedGroup): string {
  const { preset, training, data } = options;
  const { epochs, batchSize } = training;
  const { limitTrain, limitTest } = data;
  const [teacher, student] = [options.teacher.model, options.student.model];
  const images = limitTrain === null ? 'all training images' : `${limitTrain} training images`;
  const tested = limitTest === null ? 'the full test set' : `${limitTest} test images`;
  const others = [
    ...(teacher.name === group.teacher ? [] : [`teacher ${teacher.name} instead of ${group.teacher}`]),
    ...(student.name === group.student ? [] : [`student ${student.name} instead of ${group.student}`]),
    ...(preset === 'paper' ? [] : [`the preset "${preset}" instead of the paper's`]),
  ];
  return `${name}: ${epochs} ${epochs === 1 ? 'epoch' : 'epochs'} of ${images}, batches of ${batchSize}, ${tested}${others.length === 0 ? '' : `; ${others.join(', ')}`}.`;
}
