import { definePlugin, PLUGIN_API_VERSION, type GeneratorTerm } from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';

const options = z.strictObject({
  weight: z.number().min(0).default(0.1).describe('weight of the term'),
});

/** Difference of neighboring pixels: generated images are smooth. Added to the loss that the generator minimizes. */
export function createMyComponentTerm({ weight }: z.output<typeof options>): GeneratorTerm {
  return {
    name: `my-component(${weight})`, // contains every option: compiled steps are cached by it
    penalty({ images }) {
      const [, height, width] = images.shape as [number, number, number, number]; // [B, H, W, C], bytes
      const unit = tf.div(images, 255);
      const below = tf.sub(tf.slice(unit, [0, 1]), tf.slice(unit, [0, 0], [-1, height - 1]));
      const beside = tf.sub(tf.slice(unit, [0, 0, 1]), tf.slice(unit, [0, 0, 0], [-1, -1, width - 1]));
      const roughness = tf.add<tf.Scalar>(tf.mean(tf.square(below)), tf.mean(tf.square(beside)));
      return tf.mul(roughness, weight);
    },
  };
}

export default definePlugin({
  name: 'anc-plugin-my-component',
  apiVersion: PLUGIN_API_VERSION,
  generatorTerms: {
    'my-component': {
      summary: 'smooth images',
      options,
      create: (given: z.output<typeof options>) => createMyComponentTerm(given),
    },
  },
});
