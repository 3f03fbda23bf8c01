import { filled, mapTree, prefixTree, subtree, type ReplayMemory } from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { z } from 'zod';

export const replaySchema = z.strictObject({
  batches: z
    .number()
    .int()
    .min(1)
    .max(100_000)
    .default(150)
    .describe(
      'batches of generated images that are kept, with the teacher outputs for them; the oldest go first',
    ),
});

const SAMPLES = 'samples';

/** 1 where the memory is full, else 0. */
const full = (count: Tensor, capacity: number): Tensor =>
  tf.cast(tf.greaterEqual(count, capacity), 'float32');

/**
 * The last batches that were generated, in a ring: a new batch takes the place of the oldest. The student is shown rows drawn
 * at random with replacement: images of earlier generators keep it from forgetting, as experience replay does (Binici 2022,
 * "Preventing catastrophic forgetting and distribution mismatch in knowledge distillation via synthetic data"), and cost no
 * forward pass of generator and teacher.
 *
 * `count` is the number of rows that were stored; of a full memory, capacity + the row that is written next.
 */
export const replayMemory = ({ batches }: z.infer<typeof replaySchema>): ReplayMemory => ({
  name: `replay(${batches})`,
  fresh: false,
  init: (samples) => ({
    ...prefixTree(
      SAMPLES,
      mapTree(samples, ({ shape }) => filled([batches * shape[0]!, ...shape.slice(1)])),
    ),
    count: filled([]),
  }),
  push(memory, samples) {
    const kept = subtree(memory, SAMPLES);
    const [rows, capacity] = [samples, kept].map((tree) => Object.values(tree)[0]!.shape[0]) as [
      number,
      number,
    ];
    const { count } = memory;
    const start = tf.sub(count!, tf.mul(full(count!, capacity), capacity));
    const places = tf.cast(tf.expandDims(tf.add(tf.range(0, rows), start), 1), 'int32');
    const next = tf.add(count!, rows);
    return {
      ...prefixTree(
        SAMPLES,
        mapTree(kept, (before, name) => tf.tensorScatterUpdate(before, places, samples[name]!)),
      ),
      count: tf.sub(next, tf.mul(full(next, 2 * capacity), capacity)),
    };
  },
  draw(memory, uniform) {
    const kept = subtree(memory, SAMPLES);
    const count = tf.minimum(memory.count!, Object.values(kept)[0]!.shape[0]);
    const rows = tf.minimum(tf.floor(tf.mul(uniform, count)), tf.sub(count, 1)); // a rounded product can be count
    const indices = tf.cast(tf.maximum(rows, 0), 'int32');
    return mapTree(kept, (samples) => tf.gather(samples, indices));
  },
});

const unused = (): never => {
  throw new Error('no memory is kept.');
};

/** No memory: the student is shown images that are generated for each of its updates, as in DFAD (Fang 2019). */
export const noMemory: ReplayMemory = {
  name: 'none',
  fresh: true,
  init: unused,
  push: unused,
  draw: unused,
};
