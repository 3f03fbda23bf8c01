import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AncError } from '@anc/core';
import { RunFolder } from '@anc/runtime';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { report } from '../api/report.js';
import { resolveFlat } from '../../test/flat-options.js';
import { copyTeacher, exists, formatRecord, readRecord, seedFolder, writeRecord } from './folder.js';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'anc-compare-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

const recordOf = (flat: Record<string, unknown> = {}) => ({
  options: resolveFlat(flat).options,
  seeds: [3, 4],
});
const refusal = (changes = {}): Promise<AncError> =>
  readRecord(root, changes).then(
    () => Promise.reject(new Error('the record was read')),
    (error: unknown) => error as AncError,
  );

describe('the record of a comparison', () => {
  it.each(['quick', 'modern', 'paper', 'given-teacher'])('is read as it was written: %s', async (preset) => {
    const record = recordOf({ preset, methods: ['l2', 'kd(temperature=2)'] });
    await writeRecord(root, record);
    expect(await readRecord(root, {})).toEqual(record);
  });

  it('is written into a new folder', async () => {
    const path = join(root, 'runs', 'compare-1');
    await writeRecord(path, recordOf());
    expect(await readdir(path)).toEqual(['SHA256SUMS', 'compare.yaml']);
    expect((await readRecord(path, {})).seeds).toEqual([3, 4]);
  });

  it('is read with changes that results do not depend on, and with no others', async () => {
    await writeRecord(root, recordOf({ studentBackend: 'onnx:cuda' }));
    const { options } = await readRecord(root, { backend: 'tfjs:wasm', dataDir: '/moved' });
    expect(options.compute.backend.name).toBe('tfjs:wasm');
    expect(options.student).not.toHaveProperty('backend');
    expect(options.data.directory).toBe('/moved');
    expect(await refusal({ epochs: 3 })).toMatchObject({ code: 'ANC_CONFIG', detail: { path: ['epochs'] } });
  });

  it('of an older version is read under the names of today', async () => {
    const record = parse(formatRecord(recordOf())) as { options: Record<string, unknown> };
    const { teacherCacheMb: _, ...options } = record.options;
    const old = { ...record, options: { ...options, teacherMemoMb: 7, teacherNormalize: 'unit' } };
    await writeFile(join(root, 'compare.yaml'), stringify(old));
    const { cache, teacher } = (await readRecord(root, {})).options;
    expect([cache.memoryMb, teacher.preprocessing]).toEqual([7, 'unit']);
  });

  it('is missed in a folder that is none of a comparison', async () => {
    expect(await refusal()).toMatchObject({
      code: 'ANC_COMPARE_MISSING',
      detail: { expected: 'a folder with compare.yaml in it' },
    });
  });

  it('is damaged where it is gone, which the checksums beside it tell', async () => {
    const path = join(root, 'runs', 'compare-1');
    await writeRecord(path, recordOf());
    await rm(join(path, 'compare.yaml'));
    const damaged = { code: 'ANC_RUN_DAMAGED', message: `${join(path, 'compare.yaml')} is damaged.` };
    await expect(readRecord(path, {})).rejects.toMatchObject(damaged);
    await expect(report(path)).rejects.toMatchObject(damaged);
  });

  it.each([
    ['no YAML', 'seeds: [1'],
    ['empty', ''],
    ['a text', 'seeds'],
    ['without seeds', formatRecord({ ...recordOf(), seeds: [] })],
    ['with seeds that are no numbers', formatRecord(recordOf()).replace('- 3', '- three')],
    ['with seeds that are not whole', formatRecord(recordOf()).replace('- 3', '- 3.5')],
    ['without options', 'seeds: [1, 2]\n'],
    ['with empty options', 'seeds: [1, 2]\noptions:\n'],
    ['cut', formatRecord(recordOf()).slice(0, 60)],
    ['with an alias that has no anchor', 'seeds: [1]\noptions: *none\n'],
  ])('is damaged where it is %s', async (_what, text) => {
    await writeFile(join(root, 'compare.yaml'), text);
    expect(await refusal()).toMatchObject({ code: 'ANC_RUN_CONFIG' });
  });
});

describe('copyTeacher', () => {
  const [from, to] = [() => seedFolder(root, 1), () => seedFolder(root, 2)];
  let [source, target]: RunFolder[] = [];
  const copy = (): Promise<void> => copyTeacher(source!, target!);
  async function trained(): Promise<void> {
    [source, target] = [await RunFolder.create(from(), ''), await RunFolder.create(to(), '')];
    await mkdir(join(from(), 'teacher', 'best'), { recursive: true });
    await writeFile(join(from(), 'teacher', 'weights.safetensors'), 'last');
    await writeFile(join(from(), 'teacher', 'best', 'weights.safetensors'), 'best');
    await writeFile(join(from(), 'teacher', 'result.json'), '{}');
  }

  it('copies all files of a trained teacher, those of its best epoch included', async () => {
    await trained();
    await copy();
    const copied = join(to(), 'teacher');
    expect((await readdir(copied)).sort()).toEqual(['best', 'result.json', 'weights.safetensors']);
    expect(await readFile(join(copied, 'weights.safetensors'), 'utf8')).toBe('last');
    expect(await readFile(join(copied, 'best', 'weights.safetensors'), 'utf8')).toBe('best');
  });

  it('leaves a teacher that is there', async () => {
    await trained();
    await mkdir(join(to(), 'teacher'));
    await writeFile(join(to(), 'teacher', 'result.json'), '{ "own": true }');
    await copy();
    expect(await readdir(join(to(), 'teacher'))).toEqual(['result.json']);
    expect(await readFile(join(to(), 'teacher', 'result.json'), 'utf8')).toContain('own');
  });

  it('completes a copy that was interrupted', async () => {
    await trained();
    await mkdir(join(to(), 'teacher'));
    await writeFile(join(to(), 'teacher', 'weights.safetensors'), 'cut');
    await copy();
    expect(await readFile(join(to(), 'teacher', 'weights.safetensors'), 'utf8')).toBe('last');
    expect(await exists(join(to(), 'teacher', 'result.json'))).toBe(true);
  });

  it('copies no teacher that is not finished', async () => {
    await trained();
    await rm(join(from(), 'teacher', 'result.json'));
    await copy();
    expect(await readdir(to())).not.toContain('teacher');
  });

  it('copies no teacher that is damaged', async () => {
    await trained();
    await source!.write(['teacher', 'weights.safetensors'], 'whole');
    await writeFile(join(from(), 'teacher', 'weights.safetensors'), 'hole');
    await expect(copy()).rejects.toMatchObject({ code: 'ANC_RUN_DAMAGED' });
    expect(await readdir(to())).not.toContain('teacher');
  });
});
