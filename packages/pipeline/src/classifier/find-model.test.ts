import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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

type Results = Readonly<Record<string, object | null>>;

/** A run folder with students of these results; null: weights without a result. */
async function run(name: string, results: Results): Promise<void> {
  const { options } = resolveFlat({ methods: Object.keys(results) });
  const { path } = await RunFolder.create(join(cwd, name), formatOptions(options));
  for (const [student, result] of Object.entries(results)) {
    const folder = join(path, 'student', student);
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'weights.safetensors'), '');
    if (result !== null) await writeFile(join(folder, 'result.json'), JSON.stringify(result));
  }
}

const find = (named: string, selected?: string) => findModelInRun(named, selected, cwd);

describe("a run's student", () => {
  it('is the one that agrees most with the teacher, whatever its test error', async () => {
    await run('first', {
      adversarial: { agreement: 0.7, testError: 0.1 },
      l2: { agreement: 0.8, testError: 0.3 },
    });
    expect(await find('first')).toMatchObject({
      name: 'l2',
      path: join(cwd, 'first', 'student', 'l2', 'weights.safetensors'),
      choice:
        'the student "l2" of adversarial, l2: it has the largest agreement with the teacher (80.00 %); choose another with --select.',
    });
    expect(await find('first', 'adversarial')).toMatchObject({ name: 'adversarial', choice: null });
  });

  it('is not chosen by results that are damaged', async () => {
    await run('cut', { kd: { agreement: 0.7 }, l2: { agreement: 0.8 } });
    await writeFile(join(cwd, 'cut', 'student', 'kd', 'result.json'), '{"agreement": 0.');
    await expect(find('cut')).rejects.toMatchObject({ code: 'ANC_RUN_DAMAGED' });
  });

  it('is damaged where it was finished and its weights are gone: no other one is taken for it', async () => {
    const weights = 'a'.repeat(64);
    await run('lost', { kd: { agreement: 0.9, weights }, l2: { agreement: 0.8, best: { epoch: 1 } } });
    const lost = join(cwd, 'lost', 'student', 'kd', 'weights.safetensors');
    await rm(lost);
    for (const selected of [undefined, 'student', 'kd', 'kd/ema']) {
      await expect(find('lost', selected)).rejects.toMatchObject({
        code: 'ANC_RUN_DAMAGED',
        message: `${lost} is damaged.`,
      });
    }
    expect(await find('lost', 'l2')).toMatchObject({ name: 'l2' });
    await expect(find('lost', 'l2/best')).rejects.toMatchObject({ code: 'ANC_RUN_DAMAGED' });
    await expect(find('lost', 'l2/ema')).rejects.toMatchObject({ code: 'ANC_PLAYER' });
    await expect(find('lost', 'teacher')).rejects.toMatchObject({ code: 'ANC_PLAYER' });
  });

  it('is the best on held-out images where there are some', async () => {
    await run('held', {
      adversarial: { agreement: 0.7, validationError: 0.1 },
      l2: { agreement: 0.8, validationError: 0.3 },
    });
    expect(await find('held')).toMatchObject({
      name: 'adversarial',
      choice: expect.stringContaining('smallest error on the held-out images (10.00 %)') as string,
    });
  });

  it('is the only one without a word, and the adversarial one while results are missing', async () => {
    await run('one', { kd: { agreement: 0.7 } });
    expect(await find('one')).toMatchObject({ name: 'kd', choice: null });
    await run('open', { l2: { agreement: 0.9 }, adversarial: null });
    expect(await find('open')).toMatchObject({
      name: 'adversarial',
      choice: expect.stringContaining('not all have a result yet') as string,
    });
    await run('unmeasured', { 'data-free-noise': {}, 'data-free': {} });
    expect(await find('unmeasured')).toMatchObject({
      name: 'data-free',
      choice: expect.stringContaining('nothing was measured on images') as string,
    });
  });
});

describe("a comparison's student", () => {
  beforeEach(async () => {
    await mkdir(join(cwd, 'compared'));
    await writeFile(join(cwd, 'compared', 'compare.yaml'), 'seeds: [1, 2]\n');
    await run('compared/seed-1', { l2: { agreement: 0.8 }, adversarial: { agreement: 0.75 } });
    await run('compared/seed-2', { l2: { agreement: 0.82 }, adversarial: { agreement: 0.83 } });
    await run('compared/seed-10', { l2: { agreement: 0.81 }, adversarial: { agreement: 0.6 } });
  });

  it('is the best seed of the method that is best on average', async () => {
    expect(await find('compared')).toMatchObject({
      name: 'l2',
      run: join('compared', 'seed-2'),
      path: join(cwd, 'compared', 'seed-2', 'student', 'l2', 'weights.safetensors'),
      choice: expect.stringMatching(
        /average of 3 seeds .* \(81.00 %\); of its seeds, .* \(82.00 %\)/,
      ) as string,
    });
  });

  it('is the best seed of a method that was selected', async () => {
    expect(await find('compared', 'adversarial')).toMatchObject({ run: join('compared', 'seed-2') });
  });

  it('is damaged where the weights of a seed are gone', async () => {
    await run('compared/seed-3', { l2: { agreement: 0.9, weights: 'a' }, adversarial: { agreement: 0.1 } });
    await rm(join(cwd, 'compared', 'seed-3', 'student', 'l2', 'weights.safetensors'));
    for (const selected of [undefined, 'l2'])
      await expect(find('compared', selected)).rejects.toMatchObject({ code: 'ANC_RUN_DAMAGED' });
    expect(await find('compared', 'adversarial')).toMatchObject({ run: join('compared', 'seed-2') });
  });

  it('is none where there is no such method', async () => {
    await expect(find('compared', 'adversarail')).rejects.toMatchObject({
      code: 'ANC_PLAYER',
      detail: { expected: 'one of l2, adversarial, teacher', hint: 'did you mean "adversarial"?' },
    });
    await expect(find('compared', 'teacher')).rejects.toMatchObject({ code: 'ANC_PLAYER' });
  });
});

describe('the folder of a student', () => {
  const files = (name: string) => join(cwd, 'names', 'student', name, 'weights.safetensors');

  /** A run of these methods whose weights are in these folders. */
  async function withFolders(methods: readonly string[], folders: readonly string[]): Promise<void> {
    await RunFolder.create(join(cwd, 'names'), formatOptions(resolveFlat({ methods }).options));
    for (const name of folders) {
      await mkdir(join(cwd, 'names', 'student', name), { recursive: true });
      await writeFile(files(name), '');
    }
  }

  it('is found by its name and by the name of its method', async () => {
    await withFolders(['value:kd', 'value:kd'], ['value-kd', 'value-kd-2']);
    for (const name of ['value-kd-2', 'value:kd-2']) {
      expect(await find('names', name)).toMatchObject({
        name: 'value-kd-2',
        path: files('value-kd-2'),
        choice: null,
      });
    }
  });

  it.skipIf(process.platform === 'win32')(
    'is found under the name that earlier versions gave it',
    async () => {
      await withFolders(['value:kd', 'l2'], ['value:kd', 'l2']);
      expect(await find('names', 'value:kd')).toMatchObject({ name: 'value:kd', path: files('value:kd') });
      expect(await find('names')).toMatchObject({ name: 'l2' });
    },
  );

  it('is of a student that was trained', async () => {
    await withFolders(['l2', 'kd'], ['l2']);
    await expect(find('names', 'l3')).rejects.toMatchObject({
      code: 'ANC_PLAYER',
      detail: { expected: 'one of l2' },
    });
    await expect(find('names', 'kd')).rejects.toMatchObject({ code: 'ANC_PLAYER' });
  });

  it('is in a folder of a run', async () => {
    expect(await find('names')).toBeNull();
    await mkdir(join(cwd, 'names'));
    await expect(find('names')).rejects.toMatchObject({ code: 'ANC_RUN_MISSING' });
  });
});
