import { definePlugin, optimizerConfigSchema, PLUGIN_API_VERSION, type Term } from '@anc/core';
import { DistillationMethod } from '@anc/methods';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';

// Options of these names are given by the run: --optimizer, --learning-rate, …, --lambda.
const options = z.strictObject({
  optimizer: optimizerConfigSchema.prefault({}),
  lambda: z.number().min(0).default(1).describe('weight of the term'),
});

/** [B, classes] -> rows of length 1. */
const unit = (x: tf.Tensor): tf.Tensor => tf.div(x, tf.sqrt(tf.add(tf.sum(tf.square(x), 1, true), 1e-8)));

/** 1 - cosine of the angle between the logits of teacher and student. */
const cosineTerm: Term = {
  name: 'my-component',
  id: 'my-component(1e-8)', // contains every constant
  teacherOutputs: ['logits'],
  usesLabels: false, // batches have no labels then
  loss: ({ outputs, batch }) =>
    tf.sub<tf.Scalar>(1, tf.mean(tf.sum(tf.mul(unit(outputs.logits), unit(batch['teacher/logits']!)), 1))),
};

export const createMyComponentMethod = ({
  optimizer,
  lambda,
}: z.output<typeof options>): DistillationMethod =>
  new DistillationMethod({ name: 'my-component', optimizer, terms: [{ term: cosineTerm, weight: lambda }] });

export default definePlugin({
  name: 'anc-plugin-my-component',
  apiVersion: PLUGIN_API_VERSION,
  methods: {
    'my-component': {
      summary: 'the angle between the logits; no labels',
      options,
      create: (given: z.output<typeof options>) => createMyComponentMethod(given),
    },
  },
});
