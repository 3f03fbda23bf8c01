import { definePlugin, PLUGIN_API_VERSION, type AdversarialLoss } from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';

const options = z.strictObject({
  target: z.number().positive().default(1).describe("logit that is aimed at on the teacher's features"),
});

/** Least squares (Mao et al. 2017): D aims at `target` on the teacher and 0 on the student, the student at `target`. */
export function createMyComponentLoss({ target }: z.output<typeof options>): AdversarialLoss {
  const distance = (logits: tf.Tensor, to: number): tf.Scalar => tf.mean(tf.square(tf.sub(logits, to)));
  return {
    name: `my-component(${target})`, // contains every option: compiled steps are cached by it
    discriminator: (onTeacher, onStudent) => tf.add(distance(onTeacher, target), distance(onStudent, 0)),
    student: (onStudent) => distance(onStudent, target),
  };
}

export default definePlugin({
  name: 'anc-plugin-my-component',
  apiVersion: PLUGIN_API_VERSION,
  adversarialLosses: {
    'my-component': {
      summary: 'least squares',
      options,
      create: (given: z.output<typeof options>) => createMyComponentLoss(given),
    },
  },
});
