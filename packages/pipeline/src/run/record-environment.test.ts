import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MemoryImages } from '@anc/datasets';
import { RunFolder } from '@anc/runtime';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TrainingPlan } from '../planning/plan.js';
import { compareEnvironment, recordEnvironment } from './record-environment.js';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'anc-environment-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

const split = (pixels: readonly number[], labels: readonly number[] | null) => ({
  images: new MemoryImages(Uint8Array.from(pixels), [1, 1, 1]),
  labels: labels === null ? null : () => Promise.resolve(Int32Array.from(labels)),
});

const planOf = (train: ReturnType<typeof split>, mean = 0, digest = 'weights'): TrainingPlan => {
  const backend = { name: 'none', environment: {} };
  return {
    options: { training: { seed: 1 } },
    data: { train, normalization: { mean: [mean], std: [1] }, augmentation: { id: 'none' } },
    backends: { teacher: backend, student: backend },
    teacher: { given: { digest } },
    students: [],
  } as unknown as TrainingPlan;
};

describe('a run that is continued', () => {
  it.each<[string, TrainingPlan, RegExp | null]>([
    ['the same data', planOf(split([1, 2], [0, 1])), null],
    ['another image', planOf(split([1, 3], [0, 1])), /train\.fingerprint: "/],
    ['another label', planOf(split([1, 2], [1, 1])), /train\.labels: "/],
    ['no labels any more', planOf(split([1, 2], null)), /received: train\.labels: nothing/],
    ['another normalization', planOf(split([1, 2], [0, 1]), 5), /normalization\.mean: \[5\]/],
    [
      'another teacher',
      planOf(split([1, 2], [0, 1]), 0, 'others'),
      /^the teacher is not the one[^]*received: "others"/,
    ],
  ])('on %s', async (_name, here, refusal) => {
    const folder = await RunFolder.create(join(root, 'run'), '');
    await recordEnvironment(folder, planOf(split([1, 2], [0, 1])), root);
    const notices: string[] = [];
    const error: unknown = await compareEnvironment(folder, here, root, (text) => notices.push(text)).then(
      () => null,
      (thrown: unknown) => thrown,
    );
    if (refusal === null) expect([error, notices]).toEqual([null, []]);
    else {
      expect(error).toMatchObject({ code: 'ANC_RUN_DATA' });
      expect((error as { describe(): string }).describe()).toMatch(refusal);
    }
  });
});
