import { stateless, type Layer } from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';

/** min(max(x + 3, 0), 6) / 6, a sigmoid of straight lines (Howard et al. 2019, section 5.2). */
export const hardSigmoid = (x: tf.Tensor): tf.Tensor => tf.mul(tf.relu6(tf.add(x, 3)), 1 / 6);

/** x · hardSigmoid(x) (Howard et al. 2019, section 5.2). */
export const hardSwish = (name = 'hardswish'): Layer =>
  stateless(
    name,
    (input) => input,
    (x) => tf.mul(x, hardSigmoid(x)),
  );
