import { filled, mapTree, prefixTree, subtree, type ReplayMemory } from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
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

/**
 * The last batches that were generated, newest first, as a shift register, and how many rows of it are filled. The student
 * is shown rows drawn at random with replacement: images of earlier generators keep it from forgetting, as experience
 * replay does (Binici 2022, "Preventing catastrophic forgetting and distribution mismatch in knowledge distillation via
 * synthetic data"), and cost no forward pass of generator and teacher.
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
    const next = mapTree(subtree(memory, SAMPLES), (kept, name) => {
      const added = samples[name]!;
      return tf.concat([added, tf.slice(kept, 0, kept.shape[0] - added.shape[0])]);
    });
    const [first] = Object.values(samples);
    const capacity = Object.values(next)[0]!.shape[0];
    return {
      ...prefixTree(SAMPLES, next),
      count: tf.minimum(tf.add(memory.count!, first!.shape[0]), capacity),
    };
  },
  draw(memory, uniform) {
    const { count } = memory;
    const rows = tf.minimum(tf.floor(tf.mul(uniform, count!)), tf.sub(count!, 1)); // a rounded product can be count
    const indices = tf.cast(tf.maximum(rows, 0), 'int32');
    return mapTree(subtree(memory, SAMPLES), (kept) => tf.gather(kept, indices));
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
