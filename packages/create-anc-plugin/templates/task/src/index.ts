import {
  classification,
  definePlugin,
  PLUGIN_API_VERSION,
  type HostTensor,
  type Measurement,
  type Task,
} from '@anc/core';
import { z } from 'zod';

/** Mean over the classes of the share of a class that is recognized, so that rare classes count as much as others. */
class BalancedAccuracy implements Measurement {
  readonly #right: number[];
  readonly #all: number[];

  constructor(classes: number) {
    this.#right = new Array<number>(classes).fill(0);
    this.#all = new Array<number>(classes).fill(0);
  }

  add(logits: HostTensor, targets: Int32Array): void {
    for (const [i, predicted] of classification.predict(logits).entries()) {
      const target = targets[i]!;
      this.#all[target]! += 1;
      if (predicted === target) this.#right[target]! += 1;
    }
  }

  result(): Record<string, number> {
    const shares = this.#all.flatMap((all, c) => (all === 0 ? [] : [this.#right[c]! / all]));
    return { 'balanced-accuracy': shares.reduce((sum, share) => sum + share, 0) / shares.length };
  }
}

/** Classification that is measured by balanced accuracy. */
export const createMyComponentTask = (): Task => ({
  ...classification, // shapes, loss, predictions and agreement
  name: 'my-component',
  metrics: [{ name: 'balanced-accuracy', label: 'balanced accuracy', better: 'higher' }],
  measure: ({ classes }) => new BalancedAccuracy(classes),
});

export default definePlugin({
  name: 'anc-plugin-my-component',
  apiVersion: PLUGIN_API_VERSION,
  tasks: {
    'my-component': {
      summary: 'classification, by balanced accuracy',
      options: z.strictObject({}),
      create: () => createMyComponentTask(),
    },
  },
});
