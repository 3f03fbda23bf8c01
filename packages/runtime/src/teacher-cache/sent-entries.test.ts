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

  it('spare a rank what another one has computed', async () => {
    const [one, other] = [rankOf(), rankOf()];
    await one.cache.outputs(batchOf(0, 1, 2), NAMES);
    const expected = await other.cache.outputs(batchOf(3, 4, 5), NAMES);
    one.cache.receive(other.cache.takeComputed());
    expect(await one.cache.outputs(batchOf(3, 4, 5), NAMES)).toEqual(expected);
    expect(one.teacher.images).toBe(3);
    // What was received is not sent again, and what was sent is not sent twice.
    expect(decodeEntries(one.cache.takeComputed()).map(({ keys }) => [...keys])).toEqual([
      [0, 1, 2],
      [0, 1, 2],
    ]);
    expect(decodeEntries(one.cache.takeComputed())).toEqual([]);
  });

  it('stay within the memory of the rank that receives them', async () => {
    const [small, other] = [rankOf(1, 0), rankOf()];
    await other.cache.outputs(batchOf(0, 1), NAMES);
    small.cache.receive(other.cache.takeComputed());
    expect(small.cache.counts.bytes).toBe(0);
  });

  it('are not sent where no later epoch asks for them', async () => {
    const { cache } = rankOf(null);
    await cache.outputs(batchOf(0, 1), NAMES);
    expect(decodeEntries(cache.takeComputed())).toEqual([]);
  });
});
