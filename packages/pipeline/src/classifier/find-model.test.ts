import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AncError } from '@anc/core';
import { RunFolder } from '@anc/runtime';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { resolveFlat } from '../../test/flat-options.js';
import { formatOptions } from '../options/record.js';
import { findModelInRun } from './find-model.js';

let cwd: string;
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'anc-find-'));
});
afterEach(() => rm(cwd, { recursive: true, force: true }));

/** A run of these methods, with weights in these folders. */
async function run(methods: readonly string[], ...trained: readonly (readonly string[])[]): Promise<void> {
  const { path } = await RunFolder.create(join(cwd, 'run'), formatOptions(resolveFlat({ methods }).options));
  for (const place of trained) {
    await mkdir(join(path, ...place), { recursive: true });
    await writeFile(join(path, ...place, 'weights.safetensors'), '');
  }
}

const chosen = async (selected?: string) => {
  const found = await findModelInRun('run', selected, cwd);
  return found && { name: found.name, path: found.path, among: found.among };
};
const at = (...place: readonly string[]): string => join(cwd, 'run', ...place, 'weights.safetensors');

describe('findModelInRun', () => {
  it('takes the adversarial student, else the last one, and says what it was chosen from', async () => {
    await run(['l2', 'adversarial', 'kd'], ['student', 'l2'], ['student', 'kd'], ['teacher']);
    expect(await chosen()).toEqual({ name: 'kd', path: at('student', 'kd'), among: ['l2', 'kd'] });
    expect(await chosen('l2')).toEqual({ name: 'l2', path: at('student', 'l2'), among: [] });
    expect(await chosen('teacher')).toEqual({ name: 'teacher', path: at('teacher'), among: [] });
    await mkdir(join(cwd, 'run', 'student', 'adversarial'));
    await writeFile(at('student', 'adversarial'), '');
    expect(await chosen('student')).toMatchObject({ name: 'adversarial' });
  });

  it('finds a student by the name of its folder and of its method', async () => {
    await run(['value:kd', 'value:kd'], ['student', 'value-kd'], ['student', 'value-kd-2']);
    for (const name of ['value-kd-2', 'value:kd-2']) {
      expect(await chosen(name)).toEqual({
        name: 'value-kd-2',
        path: at('student', 'value-kd-2'),
        among: [],
      });
    }
    expect(await chosen()).toMatchObject({ name: 'value-kd-2', among: ['value-kd', 'value-kd-2'] });
  });

  it.skipIf(process.platform === 'win32')(
    'finds students of earlier versions under their names',
    async () => {
      await run(['value:kd', 'l2'], ['student', 'value:kd'], ['student', 'l2']);
      expect(await chosen('value:kd')).toMatchObject({ name: 'value:kd', path: at('student', 'value:kd') });
      expect(await chosen()).toMatchObject({ name: 'l2', among: ['value:kd', 'l2'] });
    },
  );

  it('refuses a student that the run has not trained, and names those that it has', async () => {
    await run(['l2', 'kd'], ['student', 'l2']);
    const error = await chosen('l3').catch((thrown: unknown) => thrown as AncError);
    expect(error).toMatchObject({ code: 'ANC_PLAYER', detail: { expected: 'one of l2' } });
    await expect(chosen('kd')).rejects.toMatchObject({ code: 'ANC_PLAYER' });
  });

  it('finds nothing where there is no folder, and refuses a folder that is no run', async () => {
    expect(await chosen()).toBeNull();
    await mkdir(join(cwd, 'run'));
    await expect(chosen()).rejects.toMatchObject({ code: 'ANC_RUN_MISSING' });
  });
});
