import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { HostTensor, Tree } from '@anc/core';
import { decodeSafetensors } from '@anc/formats';
import { localCollectives } from '@anc/testing';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { distill, type DistillOptions } from '../src/index.js';
import { glyphsTeacher } from './glyphs-teacher.js';

vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

let cwd: string;
let teacher: string;
beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'anc-ranks-generated-'));
  teacher = await glyphsTeacher(cwd);
});
afterAll(() => rm(cwd, { recursive: true, force: true }));

const GENERATOR = 'generator={name: conv, noise: 4, width: 2}, studentSteps=2';
const MEMORY = 'memory={name: replay, batches: 2}';

const tiny = (method: string): DistillOptions => ({
  cwd,
  teacher,
  images: 'none',
  student: 'cnn(widths=[2,2], features=8)',
  method,
  training: { epochs: 1, stepsPerEpoch: 4, batchSize: 9, optimizer: 'sgd', learningRate: 0.01 },
});
const ON_IMAGES = { images: 'glyphs', data: { limitTrain: 20, limitTest: 20 } } as const;

const weightsOf = async (folder: string, method: string): Promise<Tree<HostTensor>> =>
  decodeSafetensors(await readFile(join(folder, 'student', method, 'weights.safetensors'))).tensors;

const largestDifference = (a: Tree<HostTensor>, b: Tree<HostTensor>): number =>
  Math.max(
    ...Object.entries(a).flatMap(([name, { data }]) =>
      Array.from(data, (value, i) => Math.abs(value - b[name]!.data[i]!)),
    ),
  );

describe('methods with a generator on several ranks', () => {
  it.each<[string, number, string, Partial<DistillOptions>]>([
    ['a memory', 2, `data-free(${GENERATOR}, ${MEMORY})`, {}],
    ['new images, averages of pairs', 3, `data-free(${GENERATOR}, memory=none, mixup=true)`, {}],
    [
      'a memory, averages of pairs, op by op',
      2,
      `data-free(${GENERATOR}, ${MEMORY}, mixup=true)`,
      { backend: 'tfjs:cpu' },
    ],
    ['a control', 2, 'data-free-noise(studentSteps=2)', {}],
    ['images of the data', 2, `few-images(${GENERATOR}, ${MEMORY}, imageShare=0.3)`, ON_IMAGES],
  ])('give what one process gives: %s, %i ranks', async (_what, ranks, method, more) => {
    const name = method.slice(0, method.indexOf('('));
    const options = { ...tiny(method), ...more, folder: null };
    const folders: string[] = [];
    const train = async (collective?: DistillOptions['collective']): Promise<void> => {
      const folder = join(cwd, `${name}-${folders.push('')}`);
      const run = await distill({ ...options, folder, ...(collective && { collective }) });
      if (run.folder !== null) folders[0] = run.folder;
      await run.dispose();
    };
    await train();
    const alone = await weightsOf(folders[0]!, name);
    await rm(folders[0]!, { recursive: true });
    await Promise.all(localCollectives(ranks).map((collective) => train(collective)));
    expect(largestDifference(alone, await weightsOf(folders[0]!, name))).toBeLessThan(1e-5);
    await rm(folders[0]!, { recursive: true });
  });

  it('refuse a batch without a generated image for every rank, on all of them', async () => {
    const method = `few-images(${GENERATOR}, ${MEMORY}, imageShare=0.9)`;
    const ends = await Promise.allSettled(
      localCollectives(2).map((collective) =>
        distill({ ...tiny(method), ...ON_IMAGES, folder: null, collective }),
      ),
    );
    for (const end of ends) {
      expect(end).toHaveProperty('reason.code', 'ANC_CONFIG');
      expect(end).toHaveProperty('reason.message', expect.stringMatching(/more ranks than generated images/));
    }
  });
});
