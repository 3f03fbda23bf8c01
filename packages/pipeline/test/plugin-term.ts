import type { Contribution, DataTerm } from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';

/** A data term of a plugin: mean absolute difference of the logits. */
export const kdTerm: Contribution<DataTerm> = {
  options: z.strictObject({}),
  create: () => ({
    name: 'mine',
    loss: (student, teacher) => tf.mean(tf.abs(tf.sub(student, teacher))),
  }),
};
