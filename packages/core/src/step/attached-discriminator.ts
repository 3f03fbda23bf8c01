import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import type {
  Applied,
  ClassifierOutputs,
  Context,
  Discriminator,
  DiscriminatorOutputs,
  Variables,
} from '../contracts/network.js';
import type { Tree } from '../tree/tree.js';
import { modelStateOf } from './model-state.js';
import { applyAuxiliary, type AuxiliaryLayer } from './student-phase.js';

/** A discriminator and what it looks at. A game has one or several. */
export interface AttachedDiscriminator {
  /** Its player's name in the state; unique in the game. */
  readonly name: string;
  readonly discriminator: Discriminator;
  /** What it looks at: `features`, `logits` or a named tap of both players, [B, …]. */
  readonly input: string;
  /** Weight of its verdict in the student's loss, beside the other critics'. */
  readonly weight: number;
  /** Brings what the student shows to the teacher's shape; trained with the student. */
  readonly adapter?: AuxiliaryLayer;
}

/** The adapter's player name. */
export const adapterOf = (critic: AttachedDiscriminator): string => `${critic.name}-adapter`;

/** Where the condition of conditional discriminators and the target of their class verdict comes from. */
export type ConditionSource = 'teacher' | 'labels';

/**
 * Class probabilities [B, classes] that a conditional discriminator is given: the teacher's prediction, or the
 * labels, one-hot.
 */
export function conditionFrom(source: ConditionSource, batch: Tree, { logits }: ClassifierOutputs): Tensor {
  if (source === 'teacher') return tf.softmax(batch['teacher/logits']!);
  return tf.cast(tf.oneHot(batch.labels as tf.Tensor1D, logits.shape[1]!), 'float32');
}

/** D's verdict on x: [B, …] -> logits [B, …], and the statistics that moved. */
export function applyDiscriminator(
  { discriminator }: AttachedDiscriminator,
  variables: Variables,
  x: Tensor,
  context: Context,
  condition: Tensor | null,
): Applied<DiscriminatorOutputs> {
  return condition === null
    ? discriminator.apply(variables, x, context)
    : discriminator.apply(variables, x, context, condition);
}

/** What the critic sees of the student, through the adapter as it stands in the state. */
export function discriminatorInputOf(
  critic: AttachedDiscriminator,
  state: Tree,
  outputs: ClassifierOutputs,
  context: Context,
): Tensor {
  const shown = outputs[critic.input]!;
  return critic.adapter ? applyAuxiliary(critic.adapter, adapterOf(critic), state, shown, context) : shown;
}

/** The critic's variables in the state. */
export const discriminatorVariables = (critic: AttachedDiscriminator, state: Tree): Variables =>
  modelStateOf(state, critic.name);

/** Cross-entropy of a class verdict [B, classes] against class probabilities [B, classes]. */
export const classCrossEntropy = (verdict: Tensor, condition: Tensor): Scalar =>
  tf.neg(tf.mean(tf.sum(tf.mul(condition, tf.logSoftmax(verdict)), 1)));

/** One number per sample: patches are averaged. logits: [B, …] -> [B]. */
export const perSample = (logits: Tensor): Tensor => tf.mean(tf.reshape(logits, [logits.shape[0], -1]), 1);

/** Mean of scalars. */
export const meanOf = (values: readonly Scalar[]): Scalar =>
  tf.div(
    values.reduce((sum, value) => tf.add(sum, value)),
    values.length,
  );
