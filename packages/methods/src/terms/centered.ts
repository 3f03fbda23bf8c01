import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

/** Logits minus their mean over the classes: the same for logits and log-probabilities. [B, …, classes]. */
export const centeredLogits = (logits: Tensor): Tensor => tf.sub(logits, tf.mean(logits, -1, true));
