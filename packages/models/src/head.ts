import { dense, relu, tap, type Initializer, type Layer } from '@anc/core';

export interface HiddenHead {
  /** Name of the hidden layer. */
  readonly name?: string;
  /** Width of the hidden layer, and of the features. */
  readonly units: number;
  readonly classes: number;
  readonly featuresFrom: 'after-relu' | 'before-relu';
  readonly initializer: Initializer;
}

/** A hidden layer, whose output are the features, and the logits: [B, d] -> [B, classes]. */
export function hiddenHead({ name = 'fc', units, classes, featuresFrom, initializer }: HiddenHead): Layer[] {
  const activation = relu(`${name}-relu`);
  const shown = featuresFrom === 'after-relu' ? [activation, tap('features')] : [tap('features'), activation];
  return [dense(name, { units, initializer }), ...shown, dense('logits', { units: classes, initializer })];
}
