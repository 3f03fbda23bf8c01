import { Teacher, type HostTensor, type ImageBatch, type Tree } from '@anc/core';
import { describe, expect, it } from 'vitest';
import { decodeEntries, encodeEntries } from './sent-entries.js';
import { TeacherCache } from './teacher-cache.js';

/** Sums the pixels, and counts the images that it saw. */
class CountingTeacher extends Teacher {
  readonly name = 'counting';
  readonly hash = 'weights-1';
  readonly outputs = { logits: [2], features: [1] };
  images = 0;
  infer(images: HostTensor, names: readonly string[]): Promise<Tree<HostTensor>> {
    const rows = images.shape[0]!;
    this.images += rows;
    const { data } = images;
    const outputs: Record<string, HostTensor> = {
      logits: { shape: [rows, 2], data: Float32Array.from({ length: 2 * rows }, (_, i) => data[i]! / 3) },
      features: { shape: [rows, 1], data: Float32Array.from({ length: rows }, (_, i) => data[2 * i]!) },
    };
    return Promise.resolve(Object.fromEntries(names.map((name) => [name, outputs[name]!])));
  }
  async dispose(): Promise<void> {}
}

const COUNT = 6;
const NAMES = ['logits', 'features'];
const batchOf = (...indices: readonly number[]): ImageBatch => ({
  indices: Int32Array.from(indices),
  views: new Int32Array(indices.length),
  images: Uint8Array.from(indices.flatMap((i) => [10 * i, 10 * i + 1])),
});
const rankOf = (views: number | null = 1, budgetMb = 1) => {
  const teacher = new CountingTeacher();
  const source = { fingerprint: 'data-1', count: COUNT, shape: [1, 2, 1] as const };
  return { teacher, cache: new TeacherCache(teacher, source, { id: 'views', views }, { budgetMb }) };
};

describe('entries of a teacher cache', () => {
  it('are the same after they were sent', () => {
    const all = [
      { name: 'logits', size: 2, keys: Float64Array.of(3, 2 ** 40), values: Float32Array.of(1, 2, 3, 4) },
      { name: 'größe', size: 1, keys: new Float64Array(), values: new Float32Array() },
    ];
    expect(decodeEntries(encodeEntries(all))).toEqual(all);
    expect(decodeEntries(encodeEntries([]))).toEqual([]);
  });

  const even = (image: number): number => image % 2;

  it('move to the rank that keeps them, and are computed once', async () => {
    const ranks = [rankOf(), rankOf()];
    const [one, other] = ranks as [ReturnType<typeof rankOf>, ReturnType<typeof rankOf>];
    await one.cache.outputs(batchOf(0, 1, 2), NAMES);
    await other.cache.outputs(batchOf(3, 4, 5), NAMES);
    const whole = await rankOf().cache.outputs(batchOf(0, 2, 4), NAMES);
    const given = ranks.map(({ cache }, rank) => cache.giveAway(even, rank));
    expect(decodeEntries(given[0]!).map(({ keys }) => [...keys])).toEqual([[1], [1]]);
    one.cache.receive(given[1]!, even, 0);
    other.cache.receive(given[0]!, even, 1);
    expect(await one.cache.outputs(batchOf(0, 2, 4), NAMES)).toEqual(whole);
    await other.cache.outputs(batchOf(1, 3, 5), NAMES);
    expect(ranks.map(({ teacher }) => teacher.images)).toEqual([3, 3]);
    // Each keeps half: three entries of two outputs.
    expect(ranks.map(({ cache }) => cache.counts.bytes)).toEqual(Array(2).fill(3 * (2 * 4 + 40 + 4 + 40)));
  });

  it('of others are not kept', () => {
    const { cache } = rankOf();
    const values = Float32Array.of(7);
    cache.receive(encodeEntries([{ name: 'features', size: 1, keys: Float64Array.of(1), values }]), even, 0);
    expect(cache.counts.bytes).toBe(0);
  });

  it('stay within the memory of the rank that receives them', async () => {
    const [small, other] = [rankOf(1, 0), rankOf()];
    await other.cache.outputs(batchOf(0, 2), NAMES);
    small.cache.receive(other.cache.giveAway(even, 1), even, 0);
    expect(small.cache.counts.bytes).toBe(0);
  });

  it('stay where they are if no later epoch asks for them', async () => {
    const { cache } = rankOf(null);
    await cache.outputs(batchOf(0, 1), NAMES);
    expect(decodeEntries(cache.giveAway(even, 0))).toEqual([]);
  });
});
