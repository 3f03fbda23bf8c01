import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { distill, forecast } from '../src/index.js';

vi.setConfig({ testTimeout: 120_000 });

let cwd: string;
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'anc-forecast-'));
});
afterEach(() => rm(cwd, { recursive: true, force: true }));

const tiny = {
  teacher: 'cnn(widths=[4,4], features=8)',
  images: 'glyphs',
  student: 'resnet(depth=8, width=0.125)',
  methods: ['kd'],
  data: { limitTrain: 64, limitTest: 20, crop: 2, flip: true },
} as const;

it('predicts what a run costs from a few steps, with alternatives, and writes nothing', async () => {
  const costs = await forecast({ ...tiny, cwd, training: { epochs: 2, batchSize: 16 } });
  expect(Object.keys(costs.models)).toEqual(['teacher', 'kd']);
  const sum = Object.values(costs.models).reduce((all, seconds) => all + seconds, 0);
  expect(costs.seconds).toBeGreaterThan(sum);
  expect(costs.memory).toBeGreaterThan(1e7);
  expect(costs.disk).toBeGreaterThan(1e6);
  expect(costs.alternatives.map(({ views, student }) => [views, student])).toEqual([
    [4, undefined],
    [undefined, { name: 'resnet', options: { depth: 8, width: 0.0625 } }],
  ]);
  expect(await readdir(cwd)).toEqual([]);
});

it('predicts methods that train through a given teacher', async () => {
  const cnn = 'cnn(widths=[4,4], features=8)';
  const options = { ...tiny, cwd, training: { epochs: 1, batchSize: 16 } };
  await distill({ ...options, student: cnn, methods: ['kd'], folder: 'made' });
  for (const method of ['few-images', 'few-images-hard']) {
    const costs = await forecast({ ...options, teacher: join(cwd, 'made'), student: cnn, methods: [method] });
    expect(costs.models[method]).toBeGreaterThan(0);
  }
});

it('refuses what a run refuses', async () => {
  await expect(forecast({ ...tiny, cwd, student: 'cn' })).rejects.toMatchObject({ code: 'ANC_UNKNOWN' });
});
