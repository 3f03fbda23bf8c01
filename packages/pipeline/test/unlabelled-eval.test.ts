import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { distill, evaluate } from '../src/index.js';

vi.setConfig({ testTimeout: 120_000 });

let cwd: string;
beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'anc-unlabelled-'));
  await mkdir(join(cwd, 'photos'));
  for (let i = 0; i < 20; i++) {
    const bytes = Buffer.from(Array.from({ length: 784 }, (_, k) => (k * (i + 3)) % 256));
    const image = sharp(bytes, { raw: { width: 28, height: 28, channels: 1 } }).toColourspace('b-w');
    await image.png().toFile(join(cwd, 'photos', `${i}.png`));
  }
});
afterAll(() => rm(cwd, { recursive: true, force: true }));

it('A run on images without labels is evaluated by the agreement with its own teacher', async () => {
  const small = { student: 'cnn(widths=[2],features=4)', method: 'kd', cwd } as const;
  const training = { epochs: 1, batchSize: 16 };
  const data = { limitTrain: 32, limitTest: 16 };
  const teacher = 'cnn(widths=[2],features=4)';
  const first = await distill({ ...small, teacher, images: 'glyphs', data, training });
  const run = await distill({ ...small, teacher: first.folder!, images: 'photos', training });
  expect(run.folder).toBe(join(cwd, 'runs', 'photos-1'));

  const result = await evaluate('runs/photos-1', { cwd });
  expect(result).toMatchObject({ testError: null, agreement: run.agreement });
  await rename(first.folder!, join(cwd, 'moved'));
  const without = await evaluate('runs/photos-1', { cwd });
  expect(without).not.toHaveProperty('agreement');
  expect(without.notices).toContainEqual(expect.stringMatching(/not measured .*with --teacher\.$/));
  const named = await evaluate('runs/photos-1', { cwd, teacher: 'moved' });
  expect(named.agreement).toBe(run.agreement);
  await first.dispose();
  await run.dispose();
});
