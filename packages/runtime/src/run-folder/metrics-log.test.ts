import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MetricsLog, type MetricsRecord } from './metrics-log.js';

let root: string;
let path: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'anc-metrics-'));
  path = join(root, 'metrics.jsonl');
});
afterEach(() => rm(root, { recursive: true, force: true }));

describe('MetricsLog', () => {
  const record = (step: number, more: Partial<MetricsRecord> = {}): MetricsRecord => ({
    ...{ model: 'l2', stage: 'train', event: 'epoch', epoch: 0, step },
    ...more,
  });
  const diagnostics = {
    ...{ auc: 0.75, teacherScore: 1, studentScore: 0 },
    ...{ gradientRatio: Infinity, gradientCosine: 0 },
  };

  it('writes diverged values as words, never as null', async () => {
    const log = new MetricsLog(path);
    await log.append(record(1, { metrics: { loss: NaN, up: Infinity, down: -Infinity, error: 1 } }));
    const text = await readFile(path, 'utf8');
    expect((JSON.parse(text) as { metrics: unknown }).metrics).toEqual({
      loss: 'NaN',
      up: 'Infinity',
      down: '-Infinity',
      error: 1,
    });
    expect(text).not.toContain('null');
  });

  it('keeps the order of appends, survives a cut line, and rewinds', async () => {
    const log = new MetricsLog(path);
    await Promise.all([1, 2, 3, 4].map((step) => log.append(record(step))));
    await writeFile(path, `${await readFile(path, 'utf8')}{"model":"l2","st`);
    expect((await new MetricsLog(path).read()).map(({ step }) => step)).toEqual([1, 2, 3, 4]);
    const before = (await readFile(path, 'utf8')).split('\n').slice(0, 2);
    await log.rewind(({ step }) => step <= 2);
    expect((await readFile(path, 'utf8')).trim().split('\n')).toEqual(before);
    await log.append(record(3));
    expect((await log.read()).map(({ step }) => step)).toEqual([1, 2, 3]);
  });

  it('reads what was appended, the deprecated name of the model added', async () => {
    const log = new MetricsLog(path);
    expect(await log.read()).toEqual([]);
    const appended = [
      record(1, {
        metrics: { loss: NaN, 'discriminator/auc': 0.5 },
        diagnostics: { ...diagnostics, auc: NaN },
      }),
      record(2, { metrics: {}, diagnostics: null, alarms: ['discriminator-won'] }),
    ];
    for (const one of appended) await log.append(one);
    expect(await log.read()).toEqual(appended.map((one) => ({ ...one, player: 'l2' })));
  });

  it('reads records of earlier versions, and keeps their lines when it rewinds', async () => {
    const line =
      '{"player":"kd","stage":"match","event":"epoch","epoch":0,"step":9,"metrics":{"auc":0.75,"dTeacher":"NaN"}}';
    await writeFile(path, `${line}\n`);
    const log = new MetricsLog(path);
    const [read] = await log.read();
    expect(read).toMatchObject({ model: 'kd', stage: 'match', step: 9 });
    expect(read!.metrics).toEqual({ 'discriminator/auc': 0.75, 'discriminator/teacher': NaN });
    await log.rewind(() => true);
    expect(await readFile(path, 'utf8')).toBe(`${line}\n`);
  });

  it('writes metrics and diagnostics under their current and their deprecated names', async () => {
    const log = new MetricsLog(path);
    await log.append(record(1, { metrics: { 'discriminator/student': 0.25, error: 1 }, diagnostics }));
    expect(JSON.parse(await readFile(path, 'utf8'))).toMatchObject({
      metrics: { 'discriminator/student': 0.25, dStudent: 0.25, error: 1 },
      diagnostics: { auc: 0.75, teacherScore: 1, dTeacher: 1, gradientRatio: 'Infinity' },
    });
  });

  it('takes a name for a name, whatever it is', async () => {
    const log = new MetricsLog(path);
    await log.append({ ...record(1), model: 'NaN', stage: 'Infinity' });
    expect((await log.read())[0]).toMatchObject({ model: 'NaN', stage: 'Infinity' });
  });
});
