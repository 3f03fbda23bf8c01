import type { HostTensor } from '@anc/core';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { chooseStudent, distill, type DistillOptions } from '../src/index.js';

vi.setConfig({ testTimeout: 120_000 });

let cwd: string;
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'anc-budget-'));
});
afterEach(() => rm(cwd, { recursive: true, force: true }));

/** A teacher of ten classes that is a fixed function of the pixels. */
const teacher = ({ shape: [count], data }: HostTensor): Float32Array =>
  Float32Array.from({ length: count! * 10 }, (_, i) => {
    const size = data.length / count!;
    const [image, c] = [Math.floor(i / 10), i % 10];
    return (data[image * size + 31 * (c + 1)]! + data[image * size + 47 * (c + 1)]!) / 100;
  });

const tiny = {
  teacher: (images) => Promise.resolve(teacher(images)),
  images: 'glyphs',
  method: 'kd',
  data: { limitTrain: 64, limitTest: 40 },
  training: { epochs: 1, batchSize: 32 },
} satisfies DistillOptions;

it('Budget first: a student is chosen for what it may cost, explained, trained and recorded', async () => {
  const studentBudget = { maxParameters: '8k', maxFlops: '0.5M', maxBytes: '30k', maxMs: 1000 };
  const run = distill({ ...tiny, cwd, studentBudget });
  const notices: string[] = [];
  for await (const event of run) if (event.type === 'notice') notices.push(event.message);
  const { student, result, folder, dispose } = await run;
  const explained = notices.findIndex((text) => text.startsWith('the student is '));
  expect(notices.slice(explained, explained + 3)).toEqual([
    expect.stringMatching(
      /^the student is .*: .* parameters of 8 k, .* FLOPs of 500 k, .* of 30 k, .* ms of 1000\.$/,
    ),
    expect.stringMatching(
      /^of \d+ networks that take these images \d+ are within the budget, and it uses most/,
    ),
    expect.stringMatching(/^the next ones: /),
  ]);
  expect(student.parameters).toBeLessThanOrEqual(8000);
  expect(result.budget).toMatchObject({
    limits: { parameters: 8000, flops: 5e5, bytes: 30_000, ms: 1000 },
    costs: { parameters: student.parameters, flops: student.flops },
  });
  expect(result.interpretation[0]).toMatch(/^the student .* was chosen for a budget: .* parameters of 8 k/);

  // The record names the student: a resumed run does not choose again.
  const record = await readFile(join(folder!, 'config.resolved.yaml'), 'utf8');
  expect(record).toMatch(/maxParameters: 8000\n/);
  expect(record).not.toContain('student: lenet');
  const { maxMs: _, ...counted } = studentBudget;
  const choice = await chooseStudent({ input: [28, 28, 1], classes: 10, ...counted, cwd });
  expect(result.budget!.costs.parameters).toBe(choice.parameters);
  await dispose();
});

it('A budget that no network meets is refused before anything is written, with the nearest', async () => {
  await expect(distill({ ...tiny, cwd, studentBudget: { maxParameters: 10 } })).rejects.toMatchObject({
    code: 'ANC_BUDGET',
    detail: { received: expect.stringMatching(/^the nearest of \d+ networks is /) as string },
  });
  await expect(distill({ ...tiny, cwd, studentBudget: { maxFlops: '5x' } })).rejects.toMatchObject({
    code: 'ANC_CONFIG',
    detail: { path: ['student', 'maxFlops'], received: '"5x"' },
  });
  await expect(chooseStudent({ input: [28, 28, 1], classes: 10, cwd })).rejects.toThrow(/no budget/);
  expect(await readdir(cwd)).toEqual([]);
});
