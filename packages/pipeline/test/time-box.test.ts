import type { HostTensor } from '@anc/core';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { distill, openClassifier, resume, type DistillOptions } from '../src/index.js';

vi.setConfig({ testTimeout: 120_000 });

let cwd: string;
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'anc-time-'));
});
afterEach(() => rm(cwd, { recursive: true, force: true }));

/** A teacher of ten classes that is a fixed function of the pixels. */
const teacher = ({ shape: [count], data }: HostTensor): Promise<Float32Array> =>
  Promise.resolve(
    Float32Array.from({ length: count! * 10 }, (_, i) => {
      const size = data.length / count!;
      return data[Math.floor(i / 10) * size + 31 * ((i % 10) + 1)]! / 100;
    }),
  );

const tiny = {
  teacher,
  images: 'glyphs',
  student: 'cnn(widths=[2,2], features=8)',
  method: 'kd',
  data: { limitTrain: 64, limitTest: 40 },
  training: { time: '3s', batchSize: 32 },
} satisfies DistillOptions;

const usedIn = async (folder: string): Promise<number> =>
  (JSON.parse(await readFile(join(folder, 'time.json'), 'utf8')) as { seconds: number }).seconds;

it('A time box is interrupted, its student used, and resumed with the time that is left', async () => {
  const folder = join(cwd, 'run');
  const stop = new AbortController();
  const first = distill({ ...tiny, cwd, folder, signal: stop.signal });
  const notices: string[] = [];
  let epochs = 0;
  const watch = async (): Promise<void> => {
    for await (const event of first) {
      if (event.type === 'notice') notices.push(event.message);
      if (event.type === 'epoch' && ++epochs === 2) stop.abort();
    }
  };
  await expect(Promise.all([watch(), first])).rejects.toMatchObject({ code: 'ANC_INTERRUPTED' });
  const student = await openClassifier(folder, { cwd });
  expect(student.name).toBe('kd');
  await student.dispose();
  const used = await usedIn(folder);
  expect(used).toBeGreaterThan(0);

  const { result, dispose } = await resume(folder, { cwd, teacher });
  await dispose();
  expect(await usedIn(folder)).toBeGreaterThan(used);
  const { timeBox } = result.students[0]!;
  expect(timeBox!.until).toBeCloseTo(3, 5);
  expect(timeBox!.from).toBeLessThan(used);
  const steps = timeBox!.revisions.map(([, step]) => step);
  expect(steps).toEqual([...steps].sort((a, b) => a - b));
  const [, , planned] = timeBox!.revisions.at(-1)!;
  const log = await readFile(join(folder, 'metrics.jsonl'), 'utf8');
  const last = log
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { step: number })
    .at(-1)!;
  expect(last.step).toBe(planned);
  expect(last.step).toBeGreaterThan(4);
});

it('A time and epochs are not both followed, a time that is over at once is named, and a time that is none is refused', async () => {
  const both = distill({ ...tiny, cwd, folder: null, training: { ...tiny.training, time: 0.01, epochs: 3 } });
  const notices: string[] = [];
  for await (const event of both) if (event.type === 'notice') notices.push(event.message);
  expect(notices).toContain('training.epochs has no effect: students are trained for a time.');
  const { result, dispose } = await both;
  expect(result.interpretation).toContainEqual(
    expect.stringMatching(/^kd: its time was over after 1 step, and an epoch has 2: /),
  );
  await dispose();
  await expect(distill({ ...tiny, cwd, training: { time: '3 weeks' } })).rejects.toMatchObject({
    code: 'ANC_CONFIG',
    detail: { path: ['training', 'time'] },
  });
});
