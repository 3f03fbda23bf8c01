import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { cornerTeacher } from '../../test/corner-teacher.js';
import { resolveFlat } from '../../test/flat-options.js';
import { tinyComposition, tinyOptions } from '../../test/tiny-plugins.js';
import { forecastRun } from './forecast-run.js';

let cwd: string;
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'anc-forecast-run-'));
});
afterEach(() => rm(cwd, { recursive: true, force: true }));

/** The forecast of a run for a second, which has no alternatives. */
const forecasted = (flat: Readonly<Record<string, unknown>>, signal?: AbortSignal) =>
  forecastRun({
    ...resolveFlat({ ...tinyOptions, methods: ['kd'], time: '1s', ...flat }),
    composition: tinyComposition(),
    openTeacher: cornerTeacher().open,
    cwd,
    ...(signal && { fetching: { signal } }),
  });

it('writes no outputs of the teacher, and names options without effect', async () => {
  const { notices, models } = await forecasted({ teacherCacheDir: 'cache', views: 4 });
  expect(Object.keys(models)).toEqual(['kd']);
  expect(await readdir(cwd)).toEqual([]);
  expect(notices).toContainEqual(
    expect.objectContaining({ type: 'notice', message: expect.stringContaining('has no effect') as string }),
  );
});

it('ends where it is interrupted', async () => {
  const reason = new Error('interrupted');
  await expect(forecasted({}, AbortSignal.abort(reason))).rejects.toBe(reason);
});
