import {
  beforeActivation,
  GraphValues,
  lastOperator,
  lastProduct,
  type EndActivation,
} from './graph-values.js';
import type { ModelProto } from './proto.js';

/** Where a classifier's outputs are in its graph. */
export interface Head {
  /** The tensor before the softmax or sigmoid, if there is one; else the output. */
  readonly logits: string;
  readonly activation: EndActivation | null;
  /** The input of the last product with weights, or the requested tensor; null if there is none. */
  readonly features: string | null;
  /** Numbers per image that usable features have, if the last product's weights determine it; else null. */
  readonly featureWidth: number | null;
  /** Whether the logits come from a linear layer, or from a function that leaves 0..1: they are no probabilities. */
  readonly unbounded: boolean;
}

/** Functions whose values are not those of 0..1 alone. */
const UNBOUNDED = new Set([
  'Celu',
  'Elu',
  'Gelu',
  'HardSwish',
  'LeakyRelu',
  'Mish',
  'PRelu',
  'Relu',
  'Selu',
  'Softplus',
  'Softsign',
  'Tanh',
]);

/** Finds the logits behind an output, and the features; `features` names another tensor for them. */
export function findHead(model: ModelProto, output: string, features?: string | null): Head {
  const values = new GraphValues(model);
  const { name: logits, activation } = beforeActivation(values, output);
  const found = lastProduct(values, logits);
  return {
    logits,
    activation,
    features: features === undefined ? (found?.input ?? null) : features,
    featureWidth: features === undefined ? (found?.width ?? null) : null,
    unbounded: found !== null || UNBOUNDED.has(lastOperator(values, logits)),
  };
}
