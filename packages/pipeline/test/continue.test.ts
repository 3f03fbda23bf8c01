import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { distill, type DistillOptions } from '../src/index.js';

vi.setConfig({ testTimeout: 120_000 });

let cwd: string;
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'anc-continue-'));
});
afterEach(() => rm(cwd, { recursive: true, force: true }));

const tiny = {
  teacher: 'cnn(widths=[2], features=4)',
  images: 'glyphs',
  student: 'cnn(widths=[2,2], features=8)',
  method: 'kd',
  data: { limitTrain: 64, limitTest: 40 },
  teacherOptions: { epochs: 1 },
  training: { epochs: 2, batchSize: 32, learningRate: 0.003 },
} satisfies DistillOptions;

it('A finished run is continued: its teacher and weights, its options, a new schedule, its name in the record', async () => {
  const first = await distill({ ...tiny, cwd, folder: 'first' });
  const again = distill({ cwd, folder: 'second', continues: 'first', training: { epochs: 1 } });
  const notices: string[] = [];
  for await (const event of again) if (event.type === 'notice') notices.push(event.message);
  const second = await again;
  expect(notices).toContain('the student continues from kd of first, with a new schedule.');
  expect(notices).toContainEqual(expect.stringMatching(/^the student starts from (\d+) of its \1 variables/));
  expect(notices.filter((text) => text.includes('has no effect'))).toEqual([]);
  expect(second.result.parent).toBe(join(cwd, 'first'));
  expect(second.result.teacher.testError).toBe(first.result.teacher.testError);
  const record = await readFile(join(cwd, 'second', 'config.resolved.yaml'), 'utf8');
  expect(record).toMatch(/^epochs: 1$/m);
  expect(record).toMatch(/^learningRate: 0.003$/m);
  expect(record).toMatch(/^limitTrain: 64$/m);
  expect(record).toMatch(new RegExp(`^dataSeed: ${first.result.seed}$`, 'm'));
  await first.dispose();
  await second.dispose();

  await expect(distill({ cwd, continues: 'first', student: 'lenet5' })).rejects.toMatchObject({
    code: 'ANC_CONFIG',
    detail: { path: ['student', 'model'] },
  });
  await expect(distill({ cwd, continues: 'first', studentBudget: { maxMs: 9 } })).rejects.toMatchObject({
    code: 'ANC_CONFIG',
    detail: { path: ['student', 'maxMs'] },
  });
  await expect(distill({ cwd, continues: 'first', data: { validation: 0.1 } })).rejects.toMatchObject({
    code: 'ANC_CONFIG',
    detail: { path: ['data', 'validation'], received: '0.1' },
  });
  await expect(distill({ cwd, continues: 'first', method: 'l2' })).rejects.toMatchObject({
    code: 'ANC_CONFIG',
    detail: { path: ['methods'], received: 'l2' },
  });
  await rm(join(cwd, 'first', 'result.json'));
  await expect(distill({ cwd, continues: 'first' })).rejects.toThrow(/first is not finished/);
});
