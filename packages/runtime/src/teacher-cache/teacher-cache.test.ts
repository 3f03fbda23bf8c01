import { Teacher, type HostTensor, type ImageBatch, type Tree } from '@anc/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { teacherCacheKey } from './teacher-cache-key.js';
import { TeacherCache } from './teacher-cache.js';

const SHAPE = [2, 2, 1] as const;
const PIXELS = 4;

/** Outputs that depend on every pixel of their own image and on nothing else. */
class SumTeacher extends Teacher {
  readonly name = 'sum';
  readonly outputs = { logits: [2], features: [3] };
  readonly calls: { rows: number; names: readonly string[] }[] = [];
  constructor(readonly hash = 'weights-1') {
    super();
  }
  async infer(images: HostTensor, names: readonly string[]): Promise<Tree<HostTensor>> {
    const rows = images.shape[0]!;
    this.calls.push({ rows, names });
    const widths = { logits: 2, features: 3 } as const;
    return Object.fromEntries(
      (names as ('logits' | 'features')[]).map((name) => {
        const data = new Float32Array(rows * widths[name]);
        for (let i = 0; i < data.length; i++) {
          const row = Math.floor(i / widths[name]);
          const image = (images.data as Uint8Array).subarray(row * PIXELS, (row + 1) * PIXELS);
          data[i] = Math.sin(
            image.reduce((sum, pixel, p) => sum + pixel * (p + 1), 0) + i - row * widths[name],
          );
        }
        return [name, { shape: [rows, widths[name]], data }];
      }),
    );
  }
  async dispose(): Promise<void> {}
}

/** Pixels of image `index` in view `view`: different for every pair. */
function batchOf(pairs: readonly (readonly [number, number])[]): ImageBatch {
  const images = new Uint8Array(pairs.length * PIXELS);
  pairs.forEach(([image, view], i) => images.set([image, view * 3, (image * 7 + view) % 256, 9], i * PIXELS));
  return {
    indices: Int32Array.from(pairs, ([image]) => image),
    views: Int32Array.from(pairs, ([, view]) => view),
    images,
  };
}

const SOURCE = { fingerprint: 'data-1', count: 20, shape: SHAPE };
const CROPS = { id: 'crop', views: 4 };
const cacheOf = (
  teacher: Teacher,
  options = { budgetMb: 1 } as { budgetMb: number; batchSizes?: readonly number[] },
) => new TeacherCache(teacher, SOURCE, CROPS, options);

const pair = fc.tuple(fc.nat(SOURCE.count - 1), fc.nat(CROPS.views - 1));
const requested = fc.constantFrom(['logits'], ['features'], ['logits', 'features'], ['features', 'logits']);

describe('TeacherCache', () => {
  it('returns what the teacher computes, bit for bit, after any requests and with any budget', async () => {
    const requests = fc.array(fc.tuple(fc.array(pair, { minLength: 1, maxLength: 8 }), requested), {
      maxLength: 12,
    });
    const budgets = fc.constantFrom(0, 300 / 2 ** 20, 1);
    const sizes = fc.constantFrom(undefined, [8], [1, 2, 4, 8], [3]);
    await fc.assert(
      fc.asyncProperty(requests, budgets, sizes, async (list, budgetMb, batchSizes) => {
        const cache = cacheOf(new SumTeacher(), {
          budgetMb,
          ...(batchSizes === undefined ? {} : { batchSizes }),
        });
        for (const [pairs, names] of list) {
          const batch = batchOf(pairs);
          const live = await new SumTeacher().infer(
            { shape: [pairs.length, ...SHAPE], data: batch.images },
            names,
          );
          expect(await cache.outputs(batch, names)).toEqual(live);
        }
        expect(cache.counts.bytes).toBeLessThanOrEqual(budgetMb * 2 ** 20);
      }),
      { seed: 3, numRuns: 100 },
    );
  });

  it('infers all missing images of a batch at once, and no cached one', async () => {
    const teacher = new SumTeacher();
    const cache = cacheOf(teacher, { budgetMb: 1, batchSizes: [1, 2, 4] });
    const pairs = [[0, 0], [1, 0], [2, 1], [3, 0]] as const; // prettier-ignore
    await cache.outputs(batchOf(pairs), ['logits']);
    await cache.outputs(batchOf(pairs), ['logits']);
    expect(teacher.calls).toEqual([{ rows: 4, names: ['logits'] }]);
    await cache.outputs(batchOf([...pairs.slice(0, 3), [3, 1]]), ['logits']);
    expect(teacher.calls[1]).toEqual({ rows: 1, names: ['logits'] });
    expect(cache.counts).toMatchObject({ hits: 7, misses: 5, inferred: 5 });
  });

  it.each([undefined, null, 'jitter'])(
    'runs the teacher on no more images at once than its largest batch size: augmentation %s',
    async (augmentation) => {
      const teacher = new SumTeacher();
      const cache = cacheOf(teacher, { budgetMb: 1, batchSizes: [2, 1] });
      const batch = {
        ...batchOf([[0, 0], [1, 0], [2, 1], [3, 0]]), // prettier-ignore
        ...(augmentation !== undefined && { augmentation }),
      };
      const whole = await new SumTeacher().infer({ shape: [4, ...SHAPE], data: batch.images }, ['logits']);
      expect(await cache.outputs(batch, ['logits'])).toEqual(whole);
      expect(teacher.calls.map(({ rows }) => rows)).toEqual([2, 2]);
      expect(cache.counts.misses).toBe(augmentation === undefined ? 4 : 0); // others are not cached
    },
  );

  it('shares the memory of another cache of the same teacher only', async () => {
    const [teacher, same, other] = [new SumTeacher(), new SumTeacher(), new SumTeacher('weights-2')];
    const batch = batchOf([[0, 0], [1, 0]]); // prettier-ignore
    const first = cacheOf(teacher);
    const outputs = await first.outputs(batch, ['logits']);
    const next = new TeacherCache(same, SOURCE, CROPS, { budgetMb: 1, from: first });
    expect(await next.outputs(batch, ['logits'])).toEqual(outputs);
    expect(same.calls).toEqual([]);
    await new TeacherCache(other, SOURCE, CROPS, { budgetMb: 1, from: first }).outputs(batch, ['logits']);
    expect(other.calls).toHaveLength(1);
  });

  it('keeps the first entries when the budget is spent', async () => {
    const cache = cacheOf(new SumTeacher(), { budgetMb: 100 / 2 ** 20 }); // two logits of 48 bytes
    const batch = batchOf([[0, 0], [1, 0], [2, 0]]); // prettier-ignore
    await cache.outputs(batch, ['logits']);
    await cache.outputs(batch, ['logits']);
    expect(cache.counts).toMatchObject({ hits: 2, misses: 4, bytes: 96 });
  });

  it('has another key for another teacher, dataset or augmentation', () => {
    const key = teacherCacheKey({ hash: 'a' }, { fingerprint: 'b' }, { id: 'c' });
    expect(cacheOf(new SumTeacher()).key).toBe(teacherCacheKey({ hash: 'weights-1' }, SOURCE, CROPS));
    const others = [
      teacherCacheKey({ hash: 'x' }, { fingerprint: 'b' }, { id: 'c' }),
      teacherCacheKey({ hash: 'a' }, { fingerprint: 'x' }, { id: 'c' }),
      teacherCacheKey({ hash: 'a' }, { fingerprint: 'b' }, { id: 'x' }),
      teacherCacheKey({ hash: 'ab' }, { fingerprint: '' }, { id: 'c' }),
    ];
    expect(new Set([key, ...others]).size).toBe(5);
  });

  it('refuses images and views of other data, and unknown outputs', async () => {
    const cache = cacheOf(new SumTeacher());
    await expect(cache.outputs(batchOf([[20, 0]]), ['logits'])).rejects.toThrow(/other data/);
    await expect(cache.outputs(batchOf([[0, 4]]), ['logits'])).rejects.toThrow(/other data/);
    await expect(cache.outputs(batchOf([[0, 0]]), ['tap'])).rejects.toThrow(/no output named "tap"/);
  });
});
