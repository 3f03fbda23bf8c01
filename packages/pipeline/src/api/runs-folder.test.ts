import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runRequest } from './run-input.js';
import { continuedCall, newRunsFolder, placedIn, seedsFrom } from './runs-folder.js';

let cwd: string;
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'anc-folder-'));
});
afterEach(() => rm(cwd, { recursive: true, force: true }));

describe('placedIn', () => {
  it('puts a request into a folder, and leaves one without alone', async () => {
    const request = await runRequest({ cwd });
    expect(placedIn(undefined, request)).toBe(request);
    expect(placedIn('a/b', request).options.output).toEqual({ directory: join(cwd, 'a'), name: 'b' });
    expect(placedIn(join(cwd, 'c'), request).options.output).toEqual({ directory: cwd, name: 'c' });
  });
});

describe('newRunsFolder', () => {
  it('has the name that was set, else the first free one', async () => {
    await mkdir(join(cwd, 'runs', 'compare-x-1'), { recursive: true });
    const output = { directory: 'runs' };
    expect(await newRunsFolder(output, cwd, 'compare-x')).toBe(join(cwd, 'runs', 'compare-x-2'));
    expect(await newRunsFolder({ ...output, name: 'mine' }, cwd, 'compare-x')).toBe(
      join(cwd, 'runs', 'mine'),
    );
  });

  it('refuses a name that is a path, and a folder that exists', async () => {
    const taken = newRunsFolder({ directory: '.', name: 'a/b' }, cwd, 'x');
    await expect(taken).rejects.toMatchObject({ code: 'ANC_CONFIG' });
    await mkdir(join(cwd, 'mine', 'seed-1'), { recursive: true });
    const exists = newRunsFolder({ directory: '.', name: 'mine' }, cwd, 'x');
    await expect(exists).rejects.toMatchObject({ code: 'ANC_RUN_EXISTS' });
  });
});

it('continuedCall has the absolute path, and the changes and nothing else', () => {
  const call = continuedCall('runs/1', { cwd, threads: 2, offline: true });
  expect(call).toMatchObject({ path: join(cwd, 'runs', '1'), cwd, fetching: { offline: true } });
  expect(JSON.parse(JSON.stringify(call.changes))).toEqual({ threads: 2 });
});

describe('seedsFrom', () => {
  it('counts from the first', () => {
    expect(seedsFrom(7, 3)).toEqual([7, 8, 9]);
  });

  it.each([0, -1, 1.5, NaN])('refuses %d seeds', (count) => {
    expect(() => seedsFrom(1, count)).toThrow(
      expect.objectContaining({
        code: 'ANC_CONFIG',
        detail: expect.objectContaining({ path: ['seeds'] }) as unknown,
      }),
    );
  });
});
