import { definePlugin, PLUGIN_API_VERSION, Regularizer, type RegularizerContext } from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';

const options = z.strictObject({
  strength: z.number().min(0).default(0.1).describe('factor of the penalty'),
});

/** Keeps the discriminator's logits small: strength · mean(logits²), added to the loss that D minimizes. */
export class MyComponentRegularizer extends Regularizer {
  /** Contains every option: compiled steps are cached by it. */
  readonly name: string;
  readonly #strength: number;

  constructor({ strength }: z.output<typeof options>) {
    super();
    this.name = `my-component(${strength})`;
    this.#strength = strength;
  }

  penalty({ onTeacher, onStudent }: RegularizerContext): tf.Scalar {
    const squares = tf.add<tf.Scalar>(tf.mean(tf.square(onTeacher)), tf.mean(tf.square(onStudent)));
    return tf.mul(squares, this.#strength);
  }
}

export default definePlugin({
  name: 'anc-plugin-my-component',
  apiVersion: PLUGIN_API_VERSION,
  regularizers: {
    'my-component': {
      summary: "keeps the discriminator's logits small",
      options,
      create: (given: z.output<typeof options>) => new MyComponentRegularizer(given),
    },
  },
});
