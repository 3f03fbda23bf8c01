import type { Processes } from '@anc/pipeline/internal';
import type { Command } from 'commander';
import type { TrainingSession } from './run-session.js';

/** The flag of commands that train several models. */
export const addJobs = (command: Command): Command =>
  command.option(
    '--jobs <n>',
    'train n models at once, each in a process of its own; default: 1. Without --threads each has an equal part of the processors',
  );

/** The number of `--jobs`. */
export const jobsOf = (jobs: string | undefined): number | undefined =>
  jobs === undefined ? undefined : jobs.trim() === '' ? NaN : Number(jobs);

/** The processes that `--jobs` asks for; undefined for one. Throws `ANC_CONFIG`. */
export async function processesFor(
  jobs: string | undefined,
  { request, changes, fetching }: TrainingSession,
  { cwd, acceptPlugins }: { readonly cwd: string; readonly acceptPlugins: boolean },
): Promise<Processes | undefined> {
  if (jobs === undefined) return undefined;
  const { jobProcesses } = await import('@anc/pipeline/internal');
  const { resume } = request.call;
  return jobProcesses(jobsOf(jobs), {
    cwd,
    offline: fetching.offline,
    discoverPlugins: request.input.discoverPlugins,
    acceptPlugins,
    changes: resume === undefined ? {} : changes(),
    hasValues: request.plugins.length > 0,
  });
}
