import { basename, dirname } from 'node:path';
import { shellQuoted } from '@anc/core/internal';
import { isLeftover } from '@anc/runtime';
import type { Emit } from '../events/events.js';
import { jobsFolder } from '../jobs/claims.js';
import type { JobsPlace } from '../jobs/job.js';
import type { Processes } from '../jobs/processes.js';
import type { OptionPath, RunOptions } from '../options/run-options.js';
import { resumeRun, startRun, type ResumeRequest, type StartedRun } from '../run/start.js';
import { exists, seedFolder, type CompareRecord } from './folder.js';

/** A comparison to run or to continue. */
export interface Comparison extends Pick<
  ResumeRequest,
  'path' | 'cwd' | 'emit' | 'changes' | 'compose' | 'fetching' | 'openTeacher' | 'acceptPlugins' | 'again'
> {
  readonly record: CompareRecord;
  /** Options that the caller set; empty for a continued comparison, whose runs have their own records. */
  readonly given: readonly OptionPath[];
  readonly signal: AbortSignal;
  /** Awaited when everything of a new comparison is checked, before anything is written. */
  readonly prepared?: () => Promise<void>;
  /** Processes that share the trainings; default: this one, one training after the other. */
  readonly processes?: Processes | undefined;
  /** Where its jobs are claimed; default: `jobs` in its folder. */
  readonly place?: JobsPlace;
}

export const placeOf = ({ path, place }: Comparison): JobsPlace =>
  place ?? { folder: jobsFolder(path), prefix: '' };

/** Which run of a comparison is opened. */
export interface SeedRun {
  /** Its folder: the seed's, or a job's. */
  readonly folder: string;
  /** Number of the seed among the seeds. */
  readonly index: number;
  /** The options with what planning chose for the first run; null for the first run itself. */
  readonly planned: RunOptions | null;
  /** Awaited before a new folder is made. */
  readonly prepared?: () => Promise<void>;
  /** Names of the students to plan; default: all. */
  readonly only?: readonly string[];
}

/** Opens a run of a comparison: it is resumed where its folder exists. */
export async function openRun(comparison: Comparison, run: SeedRun): Promise<StartedRun> {
  const { path, cwd, record, given, changes, compose, fetching, openTeacher, acceptPlugins } = comparison;
  const { again = `anc-cli compare --resume ${shellQuoted(path)}` } = comparison;
  const { folder, index, planned, prepared, only } = run;
  const emit: Emit = (event) => {
    if (event.type !== 'notice' || (index === 0 && only === undefined)) comparison.emit(event); // every run gives the same notices
  };
  const request = {
    cwd,
    emit,
    ...(fetching && { fetching }),
    ...(openTeacher && { openTeacher }),
    ...(only && { only }),
  };
  if (await isBegun(folder))
    return resumeRun({ ...request, path: folder, changes, compose, acceptPlugins, again });
  const { seeds } = record;
  const options = planned ?? record.options;
  return startRun({
    ...request,
    given: planned === null ? given : [], // nothing is left to choose
    composition: await compose(options.plugins),
    options: {
      ...options,
      training: { ...options.training, seed: seeds[index]! },
      teacher: { ...options.teacher, seed: record.options.teacher.seed ?? seeds[0]! },
      data: { ...options.data, seed: record.options.data.seed ?? seeds[0]! },
      output: { directory: dirname(folder), name: basename(folder) },
    },
    ...(prepared && { prepared }),
  });
}

/** Whether there is a run in a folder, and not what a killed process left of its beginning. */
export const isBegun = async (folder: string): Promise<boolean> =>
  (await exists(folder)) && !(await isLeftover(folder));

/** The scope of a seed's events: `seed 5 (1 of 2)`. */
export const scopeOf = ({ record: { seeds } }: Comparison, index: number): string =>
  `seed ${seeds[index]} (${index + 1} of ${seeds.length})`;

/** The first seed's folder, in which the teacher is trained. */
export const firstFolder = ({ path, record }: Comparison): string => seedFolder(path, record.seeds[0]!);
