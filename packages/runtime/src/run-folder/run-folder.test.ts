import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MetricsLog } from './metrics-log.js';
import { assertCreatable, freeName, RunFolder } from './run-folder.js';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'anc-run-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

const code = (code: string) => expect.objectContaining({ code }) as unknown;

describe('RunFolder', () => {
  it('is made once and never again', async () => {
    const path = join(root, 'runs', 'a');
    await RunFolder.create(path, 'seed: 1\n');
    await expect(RunFolder.create(path, 'seed: 2\n')).rejects.toEqual(code('ANC_RUN_EXISTS'));
    await expect(assertCreatable(path)).rejects.toThrow(/exists already/);
    expect(await (await RunFolder.open(path)).readConfig()).toBe('seed: 1\n');
  });

  it('lets one of two that start at the same time have the folder', async () => {
    const tries = Array.from({ length: 8 }, () => RunFolder.create(join(root, 'same'), 'x'));
    const won = (await Promise.allSettled(tries)).filter(({ status }) => status === 'fulfilled');
    expect(won).toHaveLength(1);
  });

  it('says before any work that a folder cannot be made, and writes nothing', async () => {
    await writeFile(join(root, 'file'), '');
    await expect(assertCreatable(join(root, 'file', 'runs', 'a'))).rejects.toEqual(
      code('ANC_RUN_UNWRITABLE'),
    );
    await expect(RunFolder.create(join(root, 'file', 'a'), '')).rejects.toEqual(code('ANC_RUN_UNWRITABLE'));
    await assertCreatable(join(root, 'new', 'deep', 'a'));
    expect(await readdir(root)).toEqual(['file']);
  });

  it.skipIf(process.getuid?.() === 0)('says so of a folder without write permission', async () => {
    await mkdir(join(root, 'locked'));
    await chmod(join(root, 'locked'), 0o555);
    await expect(assertCreatable(join(root, 'locked', 'a'))).rejects.toEqual(code('ANC_RUN_UNWRITABLE'));
  });

  it('opens only run folders', async () => {
    await expect(RunFolder.open(root)).rejects.toEqual(code('ANC_RUN_MISSING'));
  });

  it('belongs to one process at a time; what a dead one left is taken over', async () => {
    const folder = await RunFolder.create(join(root, 'a'), '');
    await writeFile(join(root, 'a', '.lock'), String(process.ppid)); // alive, and not this process
    await expect(folder.lock()).rejects.toEqual(code('ANC_RUN_BUSY'));
    await writeFile(join(root, 'a', '.lock'), '999999999');
    const release = await folder.lock();
    expect(await readFile(join(root, 'a', '.lock'), 'utf8')).toBe(String(process.pid));
    await release();
    expect(await readdir(join(root, 'a'))).not.toContain('.lock');
  });

  it('finds the first free number', async () => {
    expect(await freeName(join(root, 'runs'), 'glyphs')).toBe('glyphs-1');
    await mkdir(join(root, 'runs', 'glyphs-1'), { recursive: true });
    expect(await freeName(join(root, 'runs'), 'glyphs')).toBe('glyphs-2');
  });
});

describe('MetricsLog', () => {
  const record = (step: number, more: object = {}) =>
    ({ player: 'l2', stage: 'train', event: 'epoch', epoch: 0, step, ...more }) as const;

  it('writes diverged values as words, never as null', async () => {
    const log = new MetricsLog(join(root, 'metrics.jsonl'));
    await log.append(record(1, { metrics: { loss: NaN, up: Infinity, down: [-Infinity, 1] } }));
    const text = await readFile(join(root, 'metrics.jsonl'), 'utf8');
    expect((JSON.parse(text) as { metrics: unknown }).metrics).toEqual({
      loss: 'NaN',
      up: 'Infinity',
      down: ['-Infinity', 1],
    });
    expect(text).not.toContain('null');
  });

  it('keeps the order of appends, survives a cut line, and rewinds', async () => {
    const path = join(root, 'metrics.jsonl');
    const log = new MetricsLog(path);
    await Promise.all([1, 2, 3, 4].map((step) => log.append(record(step))));
    await writeFile(path, `${await readFile(path, 'utf8')}{"player":"l2","st`);
    expect((await new MetricsLog(path).read()).map(({ step }) => step)).toEqual([1, 2, 3, 4]);
    await log.rewind(({ step }) => step <= 2);
    await log.append(record(3));
    expect((await log.read()).map(({ step }) => step)).toEqual([1, 2, 3]);
  });
});
