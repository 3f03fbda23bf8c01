import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RunFolder } from '@anc/runtime';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { resolveFlat } from '../../test/flat-options.js';
import { jobsFolder, runOf } from '../jobs/claims.js';
import { formatOptions } from '../options/record.js';
import { runFolder, writeRecord } from './folder.js';
import { partialTuning } from './partial.js';

let path: string;
beforeEach(async () => {
  path = await mkdtemp(join(tmpdir(), 'anc-partial-'));
});
afterEach(() => rm(path, { recursive: true, force: true }));

const { options } = resolveFlat({ methods: ['l2', 'kd'] });
const trial = (agreement: number | null, learningRate: number) =>
  JSON.stringify({ setting: { learningRate }, seed: 1, agreement, seconds: 2 });

it('shows the trials that are finished, in the run and in jobs, the best first', async () => {
  await writeRecord(path, { learningRates: [0.1, 0.2], temperatures: [], budget: 2, confirm: 1, given: [] });
  const run = await RunFolder.create(runFolder(path), formatOptions(options));
  await run.write(['tries', 'l2-try-1.json'], trial(0.5, 0.1));
  const job = await RunFolder.create(runOf(jobsFolder(path), 'kd-try-2'), formatOptions(options));
  await job.write(['tries', 'kd-try-2.json'], trial(0.75, 0.2));
  await run.write(['tries', 'kd-try-1.json'], trial(null, 0.1));
  const { trainings, sections } = await partialTuning(path);
  expect(trainings).toEqual({ finished: 3, total: 6 });
  expect(sections[0]!.table!.rows.map(([name, rate, , , agreement]) => [name, rate, agreement])).toEqual([
    ['kd-try-2', '0.2', '75.00 %'],
    ['l2-try-1', '0.1', '50.00 %'],
    ['kd-try-1', '0.1', 'diverged'],
  ]);
});
