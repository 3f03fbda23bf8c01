import { AncError, type AdversarialLoss } from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { labelInversion } from './losses.js';

export const featureMatchingSchema = z.strictObject({
  layers: z
    .array(z.string())
    .min(1)
    .optional()
    .describe('hidden features of the discriminator to match, by name, e.g. [hidden1]; default: all'),
});

/** ‖E h(t) - E h(s)‖² of one hidden layer, means over the batch. h: [B, …]. */
const distance = (onTeacher: Tensor, onStudent: Tensor): Scalar =>
  tf.sum(tf.squaredDifference(tf.mean(onTeacher, 0), tf.mean(onStudent, 0)));

/**
 * Feature matching (Salimans 2016, "Improved techniques for training GANs", Section 3.1): the student minimizes
 * ‖E h(t) - E h(s)‖² over D's hidden features h, instead of what D says of them. D minimizes Eq. 2.
 *
 * The paper fixed one intermediate layer; here it is the sum over `layers`, all of D's by default.
 */
export const featureMatching = ({ layers }: z.infer<typeof featureMatchingSchema>) =>
  ({
    name: `feature-matching(${layers?.join(', ') ?? 'all'})`,
    discriminator: labelInversion.discriminator,
    student(_onStudent, { hiddenOnTeacher, hiddenOnStudent }) {
      const known = Object.keys(hiddenOnStudent);
      const distances = (layers ?? known).map((layer) => {
        const [teacher, student] = [hiddenOnTeacher[layer], hiddenOnStudent[layer]];
        if (teacher !== undefined && student !== undefined) return distance(teacher, student);
        throw new AncError(
          'ANC_DISCRIMINATOR_HIDDEN',
          `the discriminator has no hidden features "${layer}".`,
          {
            expected: `one of ${known.join(', ')}`,
            received: layer,
            hint: 'name them in adversarialLoss: feature-matching(layers=[…]).',
          },
        );
      });
      return distances.reduce((sum, one) => tf.add(sum, one));
    },
  }) satisfies AdversarialLoss;
