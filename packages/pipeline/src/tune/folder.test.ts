import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { readRecord, runFolder, writeRecord, type TuneRecord } from './folder.js';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'anc-tune-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

const record: TuneRecord = {
  learningRates: [0.001, 0.002],
  temperatures: [],
  budget: 3,
  confirm: 0,
  given: ['epochs', 'teacherCacheMb'],
};
const write = (content: unknown): Promise<void> =>
  writeFile(join(root, 'tune.yaml'), typeof content === 'string' ? content : stringify(content));

describe('the record of a tuning', () => {
  it('is read as it was written, into a new folder', async () => {
    const path = join(root, 'runs', 'tune-1');
    await writeRecord(path, record);
    expect((await readdir(path)).sort()).toEqual(['SHA256SUMS', 'tune.yaml']);
    expect(await readRecord(path)).toEqual(record);
    expect(runFolder(path)).toBe(join(path, 'run'));
  });

  it('of an older version has its keys under the name of then, and with the names of then', async () => {
    const { given: _, ...search } = record;
    await write({ ...search, said: ['epochs', 'teacherMemoMb', 'teacherNormalize'] });
    expect(await readRecord(root)).toEqual({
      ...search,
      given: ['epochs', 'teacherCacheMb', 'teacherPreprocessing'],
    });
    await write(search);
    expect((await readRecord(root)).given).toEqual([]);
  });

  it('is missed in a folder that is none of a tuning', async () => {
    await expect(readRecord(root)).rejects.toMatchObject({
      code: 'ANC_TUNE_MISSING',
      detail: { expected: 'a folder with tune.yaml in it' },
    });
  });

  it.each<[string, unknown]>([
    ['no YAML', 'learningRates: [1'],
    ['empty', ''],
    ['without rates', { ...record, learningRates: [] }],
    ['with a rate of zero', { ...record, learningRates: [0] }],
    ['without a budget', { ...record, budget: undefined }],
    ['with half a trial', { ...record, budget: 1.5 }],
    ['with an entry that there is not', { ...record, rates: [1] }],
  ])('is damaged where it is %s', async (_what, content) => {
    await write(content);
    await expect(readRecord(root)).rejects.toMatchObject({ code: 'ANC_RUN_CONFIG' });
  });
});
