import { Regularizer } from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar } from '@tensorflow/tfjs-core';

/** No regularizer: the paper's control, in which D usually wins. */
export class NoRegularizer extends Regularizer {
  readonly name = 'none';

  penalty(): Scalar {
    return tf.scalar(0);
  }
}
