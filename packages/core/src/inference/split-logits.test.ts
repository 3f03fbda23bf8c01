import { describe, expect, it } from 'vitest';
import type { CompiledFunction } from '../contracts/backend.js';
import type { DatasetSplit } from '../contracts/dataset.js';
import type { HostTensor, Tree } from '../tree/tree.js';
import { logitsOf } from './split-logits.js';

/** `count` images of 1×2×1 pixels: image i holds the bytes i and 2·i. */
const splitOf = (count: number): DatasetSplit => ({
  images: {
    count,
    shape: [1, 2, 1],
    fingerprint: 'toy',
    read(indices, out) {
      indices.forEach((index, i) => {
        out.set([index, 2 * index], 2 * i);
      });
    },
  },
  labels: null,
});

/** Logits of an image are its bytes and 7; records the shape and the bytes of each batch. */
function classifier(batches: Tree<HostTensor>[]): CompiledFunction {
  return {
    run(inputs) {
      batches.push(inputs);
      const { shape, data } = inputs.images!;
      const batch = shape[0]!;
      const logits = new Float32Array(3 * batch);
      for (let i = 0; i < batch; i++) logits.set([data[2 * i]!, data[2 * i + 1]!, 7], 3 * i);
      return Promise.resolve({ logits: { shape: [batch, 3], data: logits } });
    },
    dispose: () => Promise.resolve(),
  };
}

describe('logitsOf', () => {
  it.each([
    ['a last batch that is not full', 5, 2, [2, 4, 5]],
    ['full batches', 4, 2, [2, 4]],
    ['a single batch that is larger than the split', 3, 8, [3]],
  ])('gives every image its logits once: %s', async (_what, count, batchSize, expected) => {
    const batches: Tree<HostTensor>[] = [];
    const done: [number, number][] = [];
    const { classes, data } = await logitsOf(
      classifier(batches),
      splitOf(count),
      batchSize,
      (...progress) => {
        done.push(progress);
      },
    );
    expect(classes).toBe(3);
    expect([...data]).toEqual(Array.from({ length: count }, (_, i) => [i, 2 * i, 7]).flat());
    expect(batches.every(({ images }) => images!.shape.join() === `${batchSize},1,2,1`)).toBe(true);
    expect(done).toEqual(expected.map((images) => [images, count]));
  });

  it('fills the last batch with its last image', async () => {
    const batches: Tree<HostTensor>[] = [];
    await logitsOf(classifier(batches), splitOf(4), 3);
    expect([...batches[1]!.images!.data]).toEqual([3, 6, 3, 6, 3, 6]);
  });

  it('of no images are none', async () => {
    const batches: Tree<HostTensor>[] = [];
    const empty = await logitsOf(classifier(batches), splitOf(0), 3);
    expect(empty).toEqual({ classes: 0, data: new Float32Array(0) });
    expect(batches).toEqual([]);
  });

  it('stops before the next batch once the signal is aborted', async () => {
    const batches: Tree<HostTensor>[] = [];
    const controller = new AbortController();
    const stopped = logitsOf(
      classifier(batches),
      splitOf(6),
      2,
      (done) => {
        if (done === 4) controller.abort();
      },
      controller.signal,
    );
    await expect(stopped).rejects.toMatchObject({ name: 'AbortError' });
    expect(batches).toHaveLength(2);
  });
});
