import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { encodeNumbers } from '@anc/core';
import { writeFileAtomically } from '@anc/runtime';
import { describeNamed } from '../config/named.js';
import type { ConfigRequest } from '../config/resolve.js';
import { WorkError } from '../failure.js';
import type { RunResult } from '../run/documents.js';
import { executeRun } from '../run/execute.js';
import type { Plan } from '../run/plan.js';
import type { SharedTeacherOutputs } from '../run/remembered-teacher.js';
import type { Reporter } from '../run/reporter.js';
import { resumeRun, startRequest, type StartedRun } from '../run/start.js';
import { shownPath } from '../terminal/shown-path.js';
import type { CompareResult } from './documents.js';
import { copyTeacher, exists, seedFolder, writeRecord, type CompareRecord } from './folder.js';
import { reportOf } from './report.js';
import { summarize, type ComparedSetup } from './summarize.js';

const DOCUMENT = 'compare.json';

export interface Comparison {
  /** Absolute path of its folder. */
  readonly path: string;
  readonly cwd: string;
  readonly record: CompareRecord;
  /** As joined for a new comparison; a continued one reads its runs' own records. */
  readonly request: Pick<ConfigRequest, 'said' | 'place'>;
  /** What was said anew to a continued comparison. */
  readonly flags: Record<string, unknown>;
  readonly reporter: Reporter;
  readonly signal: AbortSignal;
  /** Awaited when everything of a new comparison is checked, before anything is written. */
  readonly prepared?: () => Promise<void>;
}

/**
 * Runs every seed in a run folder of its own, the teacher trained by the first and given to the others; seeds
 * that are finished are read. Null where the signal was raised: the folder then continues from there.
 */
export async function executeComparison(comparison: Comparison): Promise<CompareResult | null> {
  const { path, cwd, record, reporter, signal } = comparison;
  const { seeds } = record;
  if (await exists(join(path, DOCUMENT))) return await readNumbers<CompareResult>(join(path, DOCUMENT));
  const memory: SharedTeacherOutputs = {};
  const results: RunResult[] = [];
  let told: { contenders: ComparedSetup[]; testImages: number } | null = null;
  for (const [i, seed] of seeds.entries()) {
    if (signal.aborted) return null;
    const folder = seedFolder(path, seed);
    if (i > 0 && told !== null && (await exists(join(folder, 'result.json')))) {
      reporter.end(`seed ${seed}: finished before`);
      results.push(await readNumbers<RunResult>(join(folder, 'result.json')));
      continue;
    }
    const run = await open(comparison, i, folder);
    try {
      told ??= {
        contenders: run.plan.students.map(contenderOf),
        testImages: run.plan.data.test.images.count,
      };
      if (i > 0) await copyTeacher(seedFolder(path, seeds[0]!), folder);
      const result = await executeRun({
        ...run,
        reporter: prefixed(reporter, `seed ${seed} (${i + 1} of ${seeds.length}), `),
        signal,
        memory,
      });
      if (result === null) return null;
      results.push(result);
    } catch (error) {
      throw new WorkError(error);
    } finally {
      await run.release();
    }
  }
  const { contenders, testImages } = told!;
  const shown = shownPath(path, cwd);
  const summary = summarize(results, contenders, shown, testImages);
  const encoded = JSON.stringify(encodeNumbers(summary), null, 2);
  await writeFileAtomically(join(path, DOCUMENT), `${encoded}\n`);
  await writeFileAtomically(join(path, 'report.html'), reportOf(summary));
  return summary;
}

/** A seed's run: continued where its folder is there. */
async function open(comparison: Comparison, index: number, folder: string): Promise<StartedRun> {
  const { path, cwd, record, request, flags, reporter } = comparison;
  const notice = (message: string): void => {
    if (index === 0) reporter.notice(message); // every seed would say the same
  };
  if (await exists(folder)) return resumeRun(flags, folder, cwd, notice);
  const { config, seeds } = record;
  const teacher = config.teacherSeed ?? seeds[0]!;
  const data = config.dataSeed ?? seeds[0]!;
  const own = {
    seed: seeds[index]!,
    teacherSeed: teacher,
    dataSeed: data,
    out: dirname(folder),
    name: basename(folder),
  };
  return startRequest({ ...request, config: { ...config, ...own } }, cwd, notice, async () => {
    if (index > 0) return;
    await comparison.prepared?.();
    await writeRecord(path, record);
  });
}

const contenderOf = ({ method, stages }: Plan['students'][number]): ComparedSetup => ({
  method: describeNamed(method),
  usesLabels: stages.some(({ usesLabels }) => usesLabels),
});

/** The same reporter, with the seed in front of every title. */
const prefixed = (reporter: Reporter, prefix: string): Reporter => ({
  begin: (player, place) => reporter.begin(prefix + player, place),
  step: (clock, batchSize) => reporter.step(clock, batchSize),
  metrics: (metrics) => reporter.metrics(metrics),
  epoch: (clock, metrics, alarms) => reporter.epoch(clock, metrics, alarms),
  activity: (what, done, count) => reporter.activity(prefix + what, done, count),
  end: (line) => reporter.end(prefix + line),
  notice: (message) => reporter.notice(message),
  close: () => reporter.close(),
});

/** A document, with the numbers that JSON cannot hold. */
const readNumbers = async <R>(path: string): Promise<R> =>
  JSON.parse(await readFile(path, 'utf8'), (_key, value: unknown) =>
    value === 'NaN' || value === 'Infinity' || value === '-Infinity' ? Number(value) : value,
  ) as R;
