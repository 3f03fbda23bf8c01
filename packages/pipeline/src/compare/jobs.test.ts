import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { resolveFlat } from '../../test/flat-options.js';
import { tinyComposition, tinyOptions } from '../../test/tiny-plugins.js';
import type { RunEvent } from '../events/events.js';
import { work } from '../jobs/work.js';
import { renderSeveral, writePartialPage } from '../several/render-several.js';
import { bringTogether, executeComparison } from './execute.js';
import { readRecord } from './folder.js';
import { comparisonJobs, prepareComparison } from './jobs.js';
import { partialComparison } from './partial.js';
import type { Comparison } from './seed-run.js';
import { takeSeeds } from './take-seeds.js';

let cwd: string;
beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'anc-jobs-'));
});
afterAll(() => rm(cwd, { recursive: true, force: true }));

const { options, given } = resolveFlat({ ...tinyOptions, epochs: 2, methods: ['l2'] });

/** A comparison in a folder of its own working directory, so that no path in its documents tells them apart. */
async function comparisonIn(
  name: string,
  onEvent: (event: RunEvent, abort: () => void) => void = () => undefined,
): Promise<Comparison> {
  const controller = new AbortController();
  const place = join(cwd, name);
  await mkdir(place, { recursive: true });
  return {
    path: join(place, 'both'),
    cwd: place,
    record: { options, seeds: [5, 6] },
    given,
    changes: {},
    compose: () => Promise.resolve(tinyComposition()),
    emit: (event) => onEvent(event, () => controller.abort()),
    signal: controller.signal,
  };
}

/** What a process does that takes jobs of the folder. */
const workOn = (comparison: Comparison, index: number): Promise<boolean> => {
  const report = async (): Promise<boolean> => (await bringTogether(comparison)) !== null;
  const { emit, signal } = comparison;
  return work(comparisonJobs({ comparison, report }), { emit, signal, index });
};

/** Files whose bytes depend on nothing but the results: their times left out. */
async function resultsIn(name: string): Promise<Record<string, string>> {
  const root = join(cwd, name, 'both');
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name: file }) => join(parentPath, file));
  const kept = paths.filter((path) => /(?:\.json|\.jsonl|\.safetensors|README\.md)$/.test(path));
  const texts = await Promise.all(
    kept
      .filter((path) => !/(?:latency|environment)\.json$/.test(path))
      .map(async (path) => [path.slice(root.length), withoutTimes(await readFile(path, 'latin1'))] as const),
  );
  return Object.fromEntries(texts);
}

const withoutTimes = (text: string): string =>
  text.replace(/"seconds": ?(?:[\d.e-]+|\{[^}]*\})/g, '"seconds":0').replace(/trained in .*/g, '');

describe('the jobs of a comparison', () => {
  it('end with the same bytes as one training after the other, however many processes share them', async () => {
    await executeComparison(await comparisonIn('alone'));
    await prepareComparison(await comparisonIn('shared'));
    const processes = await Promise.all([0, 1].map(() => comparisonIn('shared')));
    expect(await Promise.all(processes.map(workOn))).toEqual([true, true]);
    const [alone, shared] = [await resultsIn('alone'), await resultsIn('shared')];
    expect(Object.keys(shared)).toEqual(Object.keys(alone));
    expect(shared).toEqual(alone);
    expect(await readdir(join(cwd, 'shared', 'both'))).not.toContain('jobs');
  });

  it('show what is finished before all is, in whatever folder it lies', async () => {
    await prepareComparison(await comparisonIn('partial'));
    const path = join(cwd, 'partial', 'both');
    await expect(renderSeveral(path, 'both')).rejects.toMatchObject({ code: 'ANC_RUN_UNFINISHED' });
    const first = await comparisonIn('partial', (event, abort) => {
      if (event.type === 'result' && event.model === 'l2' && event.scope === 'seed 5 (1 of 2)') abort();
    });
    const { signal, emit } = first;
    const plan = comparisonJobs({ comparison: first, report: () => Promise.resolve(true) });
    await work(plan, { emit, signal, leaves: ({ name }) => name === 'seed-6-l2' });
    const { trainings, sections } = await partialComparison(path);
    expect(trainings).toEqual({ finished: 2, total: 3 });
    expect(sections[0]!.table!.rows.map(([name, seeds]) => [name, seeds])).toEqual([
      [expect.stringContaining('teacher'), ''],
      ['l2', '1 of 2'],
    ]);
    await writePartialPage(path, 'both');
    const page = join(path, 'report.html');
    expect(await readFile(page, 'utf8')).toContain('2 of 3 trainings are finished');
    expect(await executeComparison(await comparisonIn('partial'))).not.toBeNull();
    const whole = await readFile(page, 'utf8');
    expect(whole).not.toContain('trainings are finished');
    await writePartialPage(path, 'both'); // of a process that comes late
    expect(await readFile(page, 'utf8')).toBe(whole);
    expect(await resultsIn('partial')).toEqual(await resultsIn('alone'));
  });

  it('continue where they were stopped, also in one process, and one process alone in jobs', async () => {
    const alone = await resultsIn('alone');
    await prepareComparison(await comparisonIn('stopped'));
    const stopping = await comparisonIn('stopped', (event, abort) => {
      if (event.type === 'epoch' && event.model === 'l2') abort();
    });
    expect(await workOn(stopping, 0)).toBe(false);
    const trained: string[] = [];
    const rest = await comparisonIn('stopped', (event) => {
      if (event.type === 'result' && event.trained) trained.push(`${event.scope}, ${event.model}`);
    });
    expect(await executeComparison(rest)).not.toBeNull();
    expect(trained).toEqual(['seed 5 (1 of 2), l2', 'seed 6 (2 of 2), l2']);
    expect(await resultsIn('stopped')).toEqual(alone);

    const cut = await comparisonIn('cut', (event, abort) => {
      if (event.type === 'epoch' && event.model === 'l2') abort();
    });
    expect(await executeComparison(cut)).toBeNull();
    const epochs: string[] = [];
    const others = await comparisonIn('cut', (event) => {
      if (event.type === 'epoch') epochs.push(`${event.scope}, ${event.model} ${event.progress.epoch}`);
    });
    expect(await workOn(others, 0)).toBe(true);
    expect(epochs[0]).toBe('seed 5 (1 of 2), l2 1'); // from the checkpoint of the process alone
    expect(await resultsIn('cut')).toEqual(alone);
  });

  /** A comparison of the first seed alone, finished. */
  async function ofOneSeed(name: string): Promise<Comparison> {
    const begun = await comparisonIn(name);
    const one = { ...begun, record: { ...begun.record, seeds: [5] } };
    await executeComparison(one);
    return one;
  }

  it('train what a finished comparison lacks that gets another seed, also when they are stopped', async () => {
    const { path } = await ofOneSeed('grown');
    await takeSeeds(await comparisonIn('grown'));
    expect(await readRecord(path, {})).toEqual({ options, seeds: [5, 6] });
    expect(await readdir(path)).not.toContain('compare.json'); // it was of one seed
    const stopping = await comparisonIn('grown', (event, abort) => {
      if (event.type === 'result' && event.trained && event.model === 'l2') abort();
    });
    await workOn(stopping, 0);
    const trained: string[] = [];
    const rest = await comparisonIn('grown', (event) => {
      if (event.type === 'result' && event.trained) trained.push(`${event.scope}, ${event.model}`);
    });
    expect(await executeComparison(rest)).toMatchObject({ seeds: [5, 6] });
    expect(trained).toEqual([]); // the job was finished when it was stopped
    expect(await resultsIn('grown')).toEqual(await resultsIn('alone'));
  });

  it('keep their seeds while processes share them, and where a check fails', async () => {
    await prepareComparison(await comparisonIn('open'));
    const stopping = await comparisonIn('open', (event, abort) => {
      if (event.type === 'epoch' && event.model === 'l2') abort();
    });
    expect(await workOn(stopping, 0)).toBe(false);
    const { path } = stopping;
    const fewer = { ...(await comparisonIn('open')), record: { options, seeds: [5] } };
    await expect(executeComparison(fewer)).rejects.toMatchObject({ code: 'ANC_CONFIG' });
    expect((await readRecord(path, {})).seeds).toEqual([5, 6]);

    const one = await ofOneSeed('unchecked');
    const lost = { ...(await comparisonIn('unchecked')), compose: () => Promise.reject(new Error('lost')) };
    await expect(executeComparison(lost)).rejects.toThrow('lost');
    expect((await readRecord(one.path, {})).seeds).toEqual([5]);
    expect(await readdir(one.path)).toContain('compare.json');
  });
});
