import { join } from 'node:path';
import { shellQuoted } from '@anc/core/internal';
import { bringTogether } from '../compare/execute.js';
import { exists } from '../compare/folder.js';
import { comparisonJobs, prepareComparison, reportJob } from '../compare/jobs.js';
import type { Comparison } from '../compare/seed-run.js';
import { finishedJob, jobsFolder, REPORT, writeFinished } from '../jobs/claims.js';
import type { Job, JobCall, JobPlan } from '../jobs/job.js';
import type { ReproduceExecution } from './execute.js';
import { RECORD, writeReproduction } from './folder.js';
import type { PlannedGroup } from './grid.js';

/** The comparison of a group, with its jobs among those of the whole table. */
export const comparisonOf = (
  execution: Omit<ReproduceExecution, 'processes'>,
  { name, options, given }: PlannedGroup,
): Comparison => {
  const { path, reproduction } = execution;
  return {
    ...execution,
    again: `anc-cli reproduce --resume ${shellQuoted(path)}`,
    path: join(path, name),
    record: { options, seeds: reproduction.seeds },
    given,
    place: { folder: jobsFolder(path), prefix: `${name}-` },
    prepared: async () => {
      if (!(await exists(join(path, RECORD)))) await writeReproduction(path, reproduction);
    },
  };
};

/** Makes the folder of a table and of its first comparison, when everything is checked. */
export const prepareReproduction = (execution: Omit<ReproduceExecution, 'processes'>): Promise<void> =>
  prepareComparison(comparisonOf(execution, execution.reproduction.grid[0]!));

/** The jobs of all comparisons of a table, then its report. */
export function reproductionJobs(
  execution: Omit<ReproduceExecution, 'processes'>,
  report: (call: JobCall) => Promise<boolean>,
): JobPlan {
  const { path, reproduction } = execution;
  const folder = jobsFolder(path);
  const groups = reproduction.grid.map((group) => {
    const comparison = comparisonOf(execution, group);
    const name = reportJob(comparison);
    return comparisonJobs({
      comparison,
      report: async (call) => {
        if ((await bringTogether({ ...comparison, ...call })) === null) return false;
        await writeFinished(folder, name, {});
        return true;
      },
    });
  });
  const isComplete = async (): Promise<boolean> => {
    if (!(await exists(join(path, 'reproduce.json')))) return false;
    const all = await Promise.all(groups.map((group) => group.isComplete()));
    return all.every(Boolean) || (await finishedJob(folder, REPORT)) !== null;
  };
  return {
    folder,
    isComplete,
    async jobs(): Promise<Job[]> {
      const all = (await Promise.all(groups.map((group) => group.jobs()))).flat();
      const finished = await isComplete();
      const after = all.map(({ name }) => name);
      return [...all, { name: REPORT, after, finished, isReport: true, run: report }];
    },
  };
}
