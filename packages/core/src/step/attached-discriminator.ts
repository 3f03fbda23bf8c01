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
import { originOf } from '../contracts/origin.js';
import { AncError } from '../errors/error.js';
import { received } from '../finite/produced.js';
import type { Tree } from '../tree/tree.js';
import { modelStateOf } from './model-state.js';
import { assertApplied, blamed } from './network-result.js';
import { applyAuxiliary, type AuxiliaryLayer } from './student-phase.js';

/** A discriminator and its input. Adversarial training has one or several. */
export interface AttachedDiscriminator {
  /** Its name in the training state; unique among the discriminators. */
  readonly name: string;
  /** The network. */
  readonly discriminator: Discriminator;
  /** What it takes from teacher and student: `features`, `logits` or a tap that both have, [B, …]. */
  readonly input: string;
  /** Weight of its loss in the student's loss, relative to the other discriminators. */
  readonly weight: number;
  /** Projects the student's output to the teacher's shape; trained with the student. */
  readonly adapter?: AuxiliaryLayer;
}

/** The adapter's name in the training state. */
export const adapterOf = ({ name }: AttachedDiscriminator): string => `${name}-adapter`;

/** Name of the dropout mask of the adversarial sample that this discriminator sees. */
export const dropoutMaskName = ({ name }: AttachedDiscriminator): string => `${name}/dropout`;

/** Source of the condition of conditional discriminators, which is also the target of an auxiliary classifier. */
export type ConditionSource = 'teacher' | 'labels';

/**
 * Class probabilities [B, …, classes] for conditional discriminators: the teacher's prediction, or one-hot labels.
 */
export function conditionFrom(source: ConditionSource, batch: Tree, { logits }: ClassifierOutputs): Tensor {
  if (source === 'teacher') return tf.softmax(batch['teacher/logits']!);
  return tf.cast(tf.oneHot(batch.labels!, logits.shape.at(-1)!), 'float32');
}

/** What D's `apply` returns, and its hidden features: its taps by name, [B, …], in order of execution. */
export interface AppliedDiscriminator extends Applied<DiscriminatorOutputs> {
  readonly hidden: Tree;
}

/**
 * Applies D to x, with the condition where there is one: [B, …] -> logits [B, …], hidden features, and the statistics
 * that changed.
 *
 * @throws `ANC_OBJECTIVE` where D throws, or returns no logits for each sample, or statistics that it does not have.
 */
export function applyDiscriminator(
  { discriminator }: AttachedDiscriminator,
  variables: Variables,
  x: Tensor,
  context: Context,
  condition: Tensor | null,
): AppliedDiscriminator {
  const hidden: Record<string, Tensor> = {};
  const tapped: Context = {
    ...context,
    noise: (name, shape, distribution) => context.noise(name, shape, distribution),
    activation: (name, value) => (hidden[name] = context.activation(name, value)),
  };
  const what = originOf('discriminator', discriminator);
  const input = received(what, 'its input', x);
  const applied = blamed(what, () =>
    condition === null
      ? discriminator.apply(variables, input, tapped)
      : discriminator.apply(variables, input, tapped, condition),
  );
  assertApplied(what, applied, variables, ['logits'], x.shape[0]);
  return { ...applied, hidden };
}

/**
 * D's hidden features.
 *
 * @throws `ANC_DISCRIMINATOR_HIDDEN` where it has none.
 */
export function hiddenOf({ discriminator }: AttachedDiscriminator, { hidden }: AppliedDiscriminator): Tree {
  if (Object.keys(hidden).length > 0) return hidden;
  throw new AncError(
    'ANC_DISCRIMINATOR_HIDDEN',
    `${originOf('discriminator', discriminator)} has no hidden features.`,
    {
      expected:
        "a discriminator with taps, as tap('hidden1') after a layer, for what compares hidden features",
      received: `${discriminator.name}, which names none`,
      hint: 'use the discriminator mlp or conv, or pass hidden features to context.activation(name, x) in apply.',
    },
  );
}

/** The student's output that D takes, through the adapter with the variables that the state holds. */
export function discriminatorInputOf(
  attached: AttachedDiscriminator,
  state: Tree,
  outputs: ClassifierOutputs,
  context: Context,
): Tensor {
  const output = outputs[attached.input]!;
  if (!attached.adapter) return output;
  return applyAuxiliary(attached.adapter, adapterOf(attached), state, output, context);
}

/** The discriminator's variables in the state. */
export const discriminatorVariables = ({ name }: AttachedDiscriminator, state: Tree): Variables =>
  modelStateOf(state, name);

/** Cross-entropy of class logits against class probabilities, [B, …, classes] both, mean over all axes but the last. */
export const classCrossEntropy = (classLogits: Tensor, condition: Tensor): Scalar =>
  tf.neg(tf.mean(tf.sum(tf.mul(condition, tf.logSoftmax(classLogits)), classLogits.rank - 1)));

/** Mean probability that D gives to "teacher": σ of logits [B, …]. */
export const probability = (logits: Tensor): Scalar => tf.mean(tf.sigmoid(logits));

/** One number per sample: the mean over patches. logits: [B, …] -> [B]. */
export const perSample = (logits: Tensor): Tensor => tf.mean(tf.reshape(logits, [logits.shape[0], -1]), 1);

/** Mean of scalars. */
export const meanOf = (values: readonly Scalar[]): Scalar =>
  tf.div(
    values.reduce((sum, value) => tf.add(sum, value)),
    values.length,
  );
