import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { RunFolder } from '@anc/runtime';
import { jobsFolder, runOf } from '../jobs/claims.js';
import { readOptions } from '../options/record.js';
import type { PartialResult } from '../jobs/partial-result.js';
import { formatSeconds, formatShare } from '../text/format.js';
import type { TrialResult } from './documents.js';
import { readRecord, runFolder } from './folder.js';

/** Results of trials by name, from the run folder or from a job's. */
async function trialsIn(folder: string): Promise<[name: string, result: TrialResult][]> {
  const files = await readdir(join(folder, 'tries')).catch(() => []);
  const names = files.filter((file) => file.endsWith('.json')).sort();
  if (names.length === 0) return [];
  const run = await RunFolder.open(folder);
  const found = names.map(async (file): Promise<[string, TrialResult]> => {
    const result = await run.readDocument(['tries', file], (text) => JSON.parse(text) as TrialResult);
    return [file.replace(/\.json$/, ''), result!];
  });
  return Promise.all(found);
}

/** What is finished of a tuning: its trials, the best first. Nothing is chosen before all of a method are. */
export async function partialTuning(path: string): Promise<PartialResult> {
  const { budget, confirm } = await readRecord(path);
  const { methods } = readOptions(await (await RunFolder.open(runFolder(path))).readConfig());
  const jobs = await readdir(jobsFolder(path)).catch(() => []);
  const folders = [runFolder(path), ...jobs.map((job) => runOf(jobsFolder(path), job))];
  const trials = new Map((await Promise.all(folders.map(trialsIn))).flat());
  const score = ({ agreement }: TrialResult): number => agreement ?? -1;
  const sorted = [...trials].sort(([, a], [, b]) => score(b) - score(a));
  return {
    trainings: { finished: trials.size, total: methods.length * (budget + confirm) },
    sections: [
      {
        title: 'Trials that are finished, on held-out images',
        table: {
          head: ['trial', 'learning rate', 'temperature', 'seed', 'agreement', 'time'],
          rows: sorted.map(([name, { setting, seed, agreement, seconds }]) => [
            name,
            String(setting.learningRate),
            String(setting.temperature ?? ''),
            String(seed),
            agreement === null ? 'diverged' : formatShare(agreement),
            formatSeconds(seconds),
          ]),
        },
        lines: ['A method has its setting when all of its trials are finished.'],
      },
    ],
  };
}
