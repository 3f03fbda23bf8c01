import { optionError } from '../options/option-error.js';
import { processes, type Processes } from '../jobs/processes.js';
import type { RunOptions } from '../options/run-options.js';
import { sharedThreads, withThreads } from '../options/threads.js';
import type { RunRequest } from './run-input.js';
import type { ContinueOptions } from './runs-folder.js';

/** An option of calls that train several models. */
export interface JobsOption {
  /**
   * How many trainings go on at once, each in a process of its own; default: 1. Unless `threads` is given, each has an equal
   * part of the processors, which is recorded: results depend on that number in their last digits, and not on `jobs`.
   */
  readonly jobs?: number;
}

/** What the processes of a call have to know of it. */
export interface JobsCall {
  readonly cwd: string;
  readonly offline?: boolean | undefined;
  readonly discoverPlugins?: boolean | undefined;
  readonly acceptPlugins?: boolean | undefined;
  readonly changes?: Readonly<Record<string, unknown>>;
  /** See `RunRequest`. */
  readonly hasValues?: boolean;
}

/**
 * The processes for a number of jobs; undefined for one, which this process does.
 *
 * @throws `ANC_CONFIG` where the number is none, or the caller gave what other processes do not have
 */
export function jobProcesses(jobs: number | undefined, call: JobsCall): Processes | undefined {
  if (jobs === undefined) return undefined;
  if (!Number.isInteger(jobs) || jobs < 1 || jobs > MOST)
    throw optionError(['jobs'], `expected a whole number from 1 to ${MOST}.`, { received: String(jobs) });
  if (jobs === 1) return undefined;
  if (call.hasValues === true)
    throw optionError(['jobs'], 'other processes do not have what is given as a value.', {
      expected: 'names of models, methods, datasets, backends and hooks, and plugins as packages or files',
      received: 'a network, a function, a dataset or a plugin object',
      hint: 'register it in a plugin file and name that, or leave out jobs.',
    });
  const { cwd, offline, discoverPlugins, acceptPlugins, changes = {} } = call;
  return processes(jobs, { cwd, offline: offline === true, discoverPlugins, acceptPlugins, changes });
}

const MOST = 1024;

/** The options of a new folder with so many jobs at once: each has an equal part of the processors. */
export const withJobs = (options: RunOptions, jobs = 1): RunOptions =>
  jobs < 2 ? options : withThreads(options, sharedThreads(jobs));

/** The same of a call of the library. */
export const processesOf = (
  { jobs }: JobsOption,
  { cwd, fetching, hasValues }: Pick<RunRequest, 'cwd' | 'fetching' | 'hasValues'>,
  { discoverPlugins }: { readonly discoverPlugins?: boolean | undefined },
): Processes | undefined =>
  jobProcesses(jobs, {
    cwd,
    offline: fetching.offline,
    discoverPlugins,
    hasValues,
  });

/** The same of a call that continues. */
export const continuedProcesses = (
  { jobs, plugins = [], ...options }: JobsOption & ContinueOptions,
  { cwd, changes }: { readonly cwd: string; readonly changes: Readonly<Record<string, unknown>> },
): Processes | undefined =>
  jobProcesses(jobs, {
    cwd,
    offline: options.offline,
    discoverPlugins: options.discoverPlugins,
    acceptPlugins: options.acceptPlugins,
    changes,
    hasValues: plugins.some((plugin) => typeof plugin !== 'string'),
  });
