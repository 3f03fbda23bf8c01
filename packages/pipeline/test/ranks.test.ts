import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isAncError, type Collective, type RunHook, type Tree, type HostTensor } from '@anc/core';
import { decodeSafetensors } from '@anc/formats';
import { localCollectives } from '@anc/testing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { distill, type DistillOptions, type Distilled, type TeacherFunction } from '../src/index.js';

vi.setConfig({ testTimeout: 120_000 });

let cwd: string;
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'anc-ranks-'));
});
afterEach(() => rm(cwd, { recursive: true, force: true }));

/** Ten logits that are a fixed function of the pixels. */
const teacher: TeacherFunction = async ({ shape: [count], data }) => {
  const size = data.length / count;
  const logits = new Float32Array(count * 10);
  for (let i = 0; i < count; i++)
    for (let at = 0; at < size; at++) logits[i * 10 + (at % 10)]! += data[i * size + at]! / 2000;
  return logits;
};

const tiny = {
  teacher,
  images: 'glyphs',
  student: 'cnn(widths=[2], features=8, batchNorm=true)',
  method: 'kd',
  data: { limitTrain: 36, limitTest: 20, crop: 1 },
  training: { epochs: 2, batchSize: 12, optimizer: 'sgd', learningRate: 0.001 },
} satisfies DistillOptions;

const weightsOf = async (folder: string): Promise<Tree<HostTensor>> =>
  decodeSafetensors(await readFile(join(folder, 'student', 'kd', 'weights.safetensors'))).tensors;

const largestDifference = (a: Tree<HostTensor>, b: Tree<HostTensor>): number =>
  Math.max(
    ...Object.entries(a).flatMap(([name, { data }]) =>
      Array.from(data, (value, i) => Math.abs(value - b[name]!.data[i]!)),
    ),
  );

/** The same call on every rank, in one process. */
const onRanks = (
  ranks: number,
  call: (collective: Collective) => PromiseLike<Distilled>,
): Promise<PromiseSettledResult<Distilled>[]> =>
  Promise.allSettled(localCollectives(ranks).map((collective) => call(collective)));

const valuesOf = (ends: readonly PromiseSettledResult<Distilled>[]): Distilled[] =>
  ends.map((end) => {
    if (end.status === 'rejected') throw end.reason as Error;
    return end.value;
  });
const reasonsOf = (ends: readonly PromiseSettledResult<Distilled>[]): string[] =>
  ends.map((end) => (end.status === 'fulfilled' ? 'no error' : (end.reason as Error).message));

describe('distill on several ranks', () => {
  it('gives what one process gives, batch norm included, and rank 0 alone keeps a folder and calls hooks', async () => {
    const called: string[] = [];
    const hookOf = (who: string): RunHook => ({
      name: 'seen',
      onError: 'end',
      onEpoch: () => void called.push(who),
    });
    const one = await distill({ ...tiny, cwd, folder: 'one' });
    const ends = await onRanks(2, (collective) =>
      distill({ ...tiny, cwd, folder: 'two', collective, hooks: [hookOf(`rank ${collective.rank}`)] }),
    );
    const [first, second] = valuesOf(ends);
    expect(second!.folder).toBeNull();
    expect(await readdir(cwd)).toEqual(['one', 'two']);
    const [alone, both] = [await weightsOf(one.folder!), await weightsOf(first!.folder!)];
    expect(Object.keys(alone)).toContain('stats/norm1/variance');
    expect(largestDifference(alone, both)).toBeLessThan(1e-5);
    expect(second!.agreement).toBe(first!.agreement);
    expect(called).toEqual(['rank 0', 'rank 0']);
    const environment = await readFile(join(cwd, 'two', 'environment.json'), 'utf8');
    expect((JSON.parse(environment) as { ranks: number }).ranks).toBe(2);
    for (const { dispose } of [one, first!, second!]) await dispose();
  });

  it('ends all ranks with the reason of one, and leaves no folder where one could not start', async () => {
    const broken: TeacherFunction = (images) => {
      if (images.shape[0] > 1) throw new Error('the model server is gone');
      return teacher(images);
    };
    const ends = await onRanks(2, (collective) =>
      distill({ ...tiny, cwd, folder: 'two', collective, teacher: collective.rank === 1 ? broken : teacher }),
    );
    const [zero, one] = reasonsOf(ends);
    expect(zero).toMatch(/^rank 1: /);
    expect(zero).toBe(`rank 1: ${one}`);
    expect(await readdir(cwd)).toEqual([]);
  });

  it.each([
    ['a time', { training: { time: '1m' } }, /a time is for one process/],
    ['fewer images than ranks', { training: { ...tiny.training, batchSize: 1 } }, /more ranks than images/],
  ])('refuses %s on all ranks', async (_what, more, message) => {
    const ends = await onRanks(2, (collective) =>
      distill({ ...tiny, ...more, cwd, folder: 'two', collective }),
    );
    for (const end of ends) {
      const reason: unknown = end.status === 'rejected' ? end.reason : null;
      expect(isAncError(reason) && reason.code).toBe('ANC_CONFIG');
      expect(reason).toHaveProperty('message', expect.stringMatching(message));
    }
    expect(await readdir(cwd)).toEqual([]);
  });
});
