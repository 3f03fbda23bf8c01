import { mkdir, mkdtemp, readdir, readFile, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lockFolder } from '@anc/runtime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { resolveFlat } from '../../test/flat-options.js';
import { tinyComposition, tinyOptions } from '../../test/tiny-plugins.js';
import type { RunEvent } from '../events/events.js';
import { report } from '../api/report.js';
import { executeComparison } from './execute.js';
import { readRecord, writeRecord } from './folder.js';

let cwd: string;
beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'anc-comparison-'));
});
afterAll(() => rm(cwd, { recursive: true, force: true }));

const record = {
  ...resolveFlat({ ...tinyOptions, epochs: 1, validation: 0.25, methods: ['l2', 'kd'] }),
  seeds: [5, 6],
};

async function compare(
  name: string,
  onEvent: (event: RunEvent, abort: () => void) => void = () => undefined,
  { options, seeds, given }: typeof record = record,
) {
  const composition = tinyComposition();
  const events: RunEvent[] = [];
  const controller = new AbortController();
  const result = await executeComparison({
    path: join(cwd, name),
    cwd,
    record: { options, seeds },
    given,
    changes: {},
    compose: () => Promise.resolve(composition),
    emit: (event) => {
      events.push(event);
      onEvent(event, () => controller.abort());
    },
    signal: controller.signal,
  });
  expect([...composition.closed].sort()).toEqual([...composition.opened].sort());
  const trained = events
    .filter((event) => event.type === 'result')
    .map(({ scope, model, trained }) => [scope, model, trained]);
  return { result, events, trained };
}
const weightsOf = (...parts: string[]): Promise<Buffer> =>
  readFile(join(cwd, ...parts, 'weights.safetensors'));

describe('a comparison', () => {
  const scopes = ['seed 5 (1 of 2)', 'seed 6 (2 of 2)'];
  const course = scopes.flatMap((scope, seed) => [
    [scope, 'teacher', seed === 0],
    [scope, 'l2', true],
    [scope, 'kd', true],
  ]);

  it('trains one teacher, and one student per method and seed', async () => {
    const { result, trained } = await compare('whole');
    expect(trained).toEqual(course);
    expect(result).toMatchObject({
      compare: 'whole',
      runs: [join('whole', 'seed-5'), join('whole', 'seed-6')],
      dataset: 'corners',
      seeds: [5, 6],
      testImages: 20,
      methods: [
        { name: 'l2', usesLabels: false },
        { name: 'kd', usesLabels: false, differences: [{ to: 'l2', what: 'error' }] },
      ],
    });
    expect(result!.methods[0]!.testError!.values).toHaveLength(2);
    expect((await readdir(join(cwd, 'whole'))).sort()).toEqual([
      'SHA256SUMS',
      'compare.json',
      'compare.yaml',
      'report.html',
      'seed-5',
      'seed-6',
    ]);
    expect(await weightsOf('whole', 'seed-6', 'teacher')).toEqual(
      await weightsOf('whole', 'seed-5', 'teacher'),
    );
    expect(await weightsOf('whole', 'seed-6', 'student', 'l2')).not.toEqual(
      await weightsOf('whole', 'seed-5', 'student', 'l2'),
    );
    expect(await readRecord(join(cwd, 'whole'), {})).toEqual({ options: record.options, seeds: [5, 6] });
  });

  it('gets a report again that is missing, of itself and of a run', async () => {
    const of = (...parts: string[]): string => join(cwd, 'whole', ...parts);
    const before = await readFile(of('report.html'), 'utf8');
    await rm(of('report.html'));
    await compare('whole');
    expect(await readFile(of('report.html'), 'utf8')).toBe(before);
    await rm(of('report.html'));
    expect(await report('whole', { cwd })).toEqual({
      ...{ kind: 'compare', finished: true },
      report: join('whole', 'report.html'),
    });
    expect(await readFile(of('report.html'), 'utf8')).toBe(before);
    await rm(of('seed-5', 'report.html'));
    expect(await report(of('seed-5'), { cwd })).toMatchObject({ kind: 'run', finished: true });
    const text = await readFile(of('compare.json'), 'utf8');
    await writeFile(of('compare.json'), text.slice(0, 100));
    await expect(compare('whole')).rejects.toMatchObject({ code: 'ANC_RUN_DAMAGED' });
    await writeFile(of('compare.json'), text);
  });

  it('is tidied up where its process was killed after the document was written', async () => {
    const of = (...parts: string[]): string => join(cwd, 'whole', ...parts);
    const before = await readFile(of('report.html'), 'utf8');
    await writeFile(of('.lock.999999999.x'), '');
    await writeFile(of('SHA256SUMS.999999999.tmp'), before.slice(0, 100));
    await utimes(of('SHA256SUMS.999999999.tmp'), 0, 0);
    await compare('whole');
    expect((await readdir(of())).filter((name) => /lock|tmp/.test(name))).toEqual([]);
    await mkdir(of('jobs', 'seed-6-l2'), { recursive: true });
    await compare('whole');
    expect(await readdir(of())).not.toContain('jobs');
    expect(await readFile(of('report.html'), 'utf8')).toBe(before);
  });

  it('says that a missing report was not written while another process works there', async () => {
    const of = (...parts: string[]): string => join(cwd, 'whole', ...parts);
    const before = await readFile(of('report.html'), 'utf8');
    await writeFile(of(`.lock.${process.ppid}.x`), '');
    expect((await compare('whole')).events).toEqual([]); // nothing that a user must know
    await rm(of('report.html'));
    const { events } = await compare('whole');
    const notices = events.flatMap((event) => (event.type === 'notice' ? [event.message] : []));
    expect(notices).toEqual([expect.stringMatching(/the report was not written .*anc-cli report whole/)]);
    await rm(of(`.lock.${process.ppid}.x`));
    await compare('whole');
    expect(await readFile(of('report.html'), 'utf8')).toBe(before);
  });

  it.each([
    ['its report', (path: string) => rm(join(path, 'report.html'))],
    ['its lock given up', (path: string) => writeFile(join(path, '.lock.999999999.x'), '')],
  ])('completes a run that was finished without %s, and trains nothing again', async (_, damage) => {
    const of = (...parts: string[]): string => join(cwd, 'whole', ...parts);
    const before = await readFile(of('compare.json'), 'utf8');
    await rm(of('compare.json'));
    await damage(of('seed-6'));
    const { trained } = await compare('whole');
    expect(trained.filter(([, , isTrained]) => isTrained)).toEqual([]);
    expect((await readdir(of('seed-6'))).filter((name) => name.startsWith('.lock'))).toEqual([]);
    expect(await readFile(of('seed-6', 'report.html'), 'utf8')).toContain('<html');
    expect(await readFile(of('compare.json'), 'utf8')).toBe(before);
  });

  it('is complete where its report cannot be written, and says so', async () => {
    const of = (...parts: string[]): string => join(cwd, 'whole', ...parts);
    const text = await readFile(of('compare.json'), 'utf8');
    await rm(of('compare.json'));
    await rm(of('report.html'), { force: true });
    await mkdir(of('report.html', 'in the way'), { recursive: true });
    const { events } = await compare('whole');
    const notices = events.flatMap((event) => (event.type === 'notice' ? [event.message] : []));
    expect(notices.at(-1)).toMatch(/the report was not written .*anc-cli report whole writes it/);
    expect(await readFile(of('compare.json'), 'utf8')).toBe(text);
    await rm(of('report.html'), { recursive: true });
  });

  it('is read where it is finished', async () => {
    const { result, events } = await compare('whole');
    expect(events).toEqual([]);
    expect(result!.methods.map(({ name }) => name)).toEqual(['l2', 'kd']);
  });

  it('is read where it is finished only while its runs are whole', async () => {
    const of = (...parts: string[]): string => join(cwd, 'whole', ...parts);
    const text = await readFile(of('compare.json'), 'utf8');
    for (const name of [
      'seed-6/student/kd/weights.safetensors',
      'seed-6/config.resolved.yaml',
      'compare.yaml',
      'seed-5/environment.json',
    ]) {
      const before = await readFile(of(name));
      await writeFile(of(name), before.subarray(0, before.length >> 1));
      await expect(compare('whole'), name).rejects.toThrow(name.split('/').at(-1));
      await writeFile(of(name), before);
    }
    for (const name of ['seed-6/student/l2/README.md', 'seed-6/result.json', 'seed-5/environment.json']) {
      const before = await readFile(of(name), 'utf8');
      await rm(of(name));
      await compare('whole');
      expect(await readFile(of(name), 'utf8'), name).toBe(before);
      expect(await readFile(of('compare.json'), 'utf8')).toBe(text);
    }
  });

  it('takes no run of another seed for its own, and does without runs that were removed', async () => {
    const of = (...parts: string[]): string => join(cwd, 'whole', ...parts);
    const swap = async (): Promise<void> => {
      await rename(of('seed-5'), of('aside'));
      await rename(of('seed-6'), of('seed-5'));
      await rename(of('aside'), of('seed-6'));
    };
    await swap();
    const another = {
      code: 'ANC_RUN_DAMAGED',
      message: `${of('seed-5', 'config.resolved.yaml')} is of another run.`,
      detail: { expected: 'seed 5, 1 epochs, batches of 16', received: 'seed 6, 1 epochs, batches of 16' },
    };
    await expect(compare('whole')).rejects.toMatchObject(another);
    const text = await readFile(of('compare.json'));
    await rm(of('compare.json'));
    await expect(compare('whole')).rejects.toMatchObject(another);
    await writeFile(of('compare.json'), text);
    await swap();
    await rename(of('seed-6'), join(cwd, 'seed-6'));
    expect((await compare('whole')).events).toEqual([]);
    await rename(join(cwd, 'seed-6'), of('seed-6'));
  });

  it('begins where its folder was made and no run in it yet', async () => {
    await writeRecord(join(cwd, 'begun'), record);
    const { trained } = await compare('begun');
    expect(trained).toEqual(course);
    expect(await weightsOf('begun', 'seed-6', 'student', 'kd')).toEqual(
      await weightsOf('whole', 'seed-6', 'student', 'kd'),
    );
  });

  it('continues where it was aborted, to the same weights', async () => {
    const first = await compare('cut', (event, abort) => {
      if (event.type === 'step' && event.model === 'l2' && event.scope === scopes[1]) abort();
    });
    expect(first.result).toBeNull();
    expect(await readdir(join(cwd, 'cut'))).not.toContain('compare.json');
    const second = await compare('cut');
    expect(second.trained).toEqual([
      [scopes[0], 'teacher', false],
      [scopes[0], 'l2', false],
      [scopes[0], 'kd', false],
      [scopes[1], 'teacher', false],
      [scopes[1], 'l2', true],
      [scopes[1], 'kd', true],
    ]);
    for (const seed of ['seed-5', 'seed-6']) {
      for (const student of ['l2', 'kd']) {
        expect(await weightsOf('cut', seed, 'student', student)).toEqual(
          await weightsOf('whole', seed, 'student', student),
        );
      }
    }
  });

  it('gives every seed what planning chose for the first one, also when it is resumed', async () => {
    const flat = { student: 'cnn(widths=[2],features=5)', methods: ['adversarial'], epochs: 1 };
    const narrow = { ...resolveFlat({ ...tinyOptions, ...flat }), seeds: [5, 6] };
    const cut = (event: RunEvent, abort: () => void): void => {
      if (event.type === 'result' && event.model === 'adversarial') abort();
    };
    expect((await compare('adapted', cut, narrow)).result).toBeNull();
    expect(await readdir(join(cwd, 'adapted'))).not.toContain('seed-6');
    const { result } = await compare('adapted', undefined, { ...narrow, given: [] });
    expect(result!.methods[0]!.agreement.values).toHaveLength(2);
    for (const seed of ['seed-5', 'seed-6']) {
      const config = await readFile(join(cwd, 'adapted', seed, 'config.resolved.yaml'), 'utf8');
      expect(config).toMatch(/adapter: linear/);
    }
  });

  it('is refused while another process works in its folder, and goes on afterwards', async () => {
    await rm(join(cwd, 'cut', 'compare.json'));
    const other = await lockFolder(join(cwd, 'cut'));
    const before = await readdir(join(cwd, 'cut'));
    await expect(compare('cut')).rejects.toMatchObject({ code: 'ANC_RUN_BUSY' });
    expect(await readdir(join(cwd, 'cut'))).toEqual(before);
    await other.release();
    expect((await compare('cut')).result).not.toBeNull();
    expect((await readdir(join(cwd, 'cut'))).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  it('does nothing where it was aborted before it began', async () => {
    const composition = tinyComposition();
    const result = await executeComparison({
      path: join(cwd, 'never'),
      cwd,
      record: { options: record.options, seeds: record.seeds },
      given: [],
      changes: {},
      compose: () => Promise.resolve(composition),
      emit: () => undefined,
      signal: AbortSignal.abort(),
    });
    expect(result).toBeNull();
    expect(composition.opened).toEqual([]);
    expect(await readdir(cwd)).not.toContain('never');
  });
});
