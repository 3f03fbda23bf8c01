import '@tensorflow/tfjs-backend-cpu';
import { classification, type Task } from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { taskContract } from '../src/index.js';
import { failuresOf } from './collect.js';

const data = { input: [2, 3, 1], classes: 4 } as const;

/** Classes of pixels: what classification computes, on more axes. */
const dense: Task = {
  ...classification,
  name: 'dense',
  outputs: ({ input: [height, width], classes }) => [height!, width!, classes],
  targets: ({ input: [height, width] }) => [height!, width!],
};

taskContract({ describe, it, expect }, () => classification, data);
taskContract({ describe, it, expect }, () => dense, data);

const failures = async (fault: Partial<Task>): Promise<string[]> => {
  const names = await failuresOf((runner) => taskContract(runner, () => ({ ...dense, ...fault }), data));
  return names.map((name) => name.replace(/^task contract .*? > /, ''));
};

let calls = 0;
const faults: readonly (readonly [fault: string, check: string, Partial<Task>])[] = [
  [
    'has another shape each time',
    'has a name, and shapes of logits and targets that follow from the data alone',
    { targets: () => [2, ++calls] },
  ],
  [
    'does not measure what it declares',
    'declares metrics with names of their own, and measures every one of them',
    { metrics: [{ name: 'mean-iou', better: 'higher' }] },
  ],
  [
    'has a loss for each pixel',
    'has a loss, batch metrics and agreement that are finite scalars',
    { loss: (logits) => tf.sum<tf.Scalar>(logits, 3) },
  ],
  [
    'reads values',
    'computes with nothing that a recorded graph cannot repeat',
    {
      batchAgreement: (a, b) => {
        a.dataSync();
        return classification.batchAgreement(a, b);
      },
    },
  ],
  [
    'counts disagreement',
    'agrees with itself, in batches and over splits, and less with others',
    { batchAgreement: (a, b) => tf.sub(1, classification.batchAgreement(a, b)) },
  ],
  [
    'predicts one value for all images',
    'predicts the same number of values for each image, whatever the others are',
    { predict: () => Int32Array.of(1) },
  ],
  [
    'measures the last batch alone',
    'measures the same in one batch or several',
    {
      measure(of) {
        let last = classification.measure(of);
        return {
          add(logits, targets) {
            last = classification.measure(of);
            last.add(logits, targets);
          },
          result: () => last.result(),
        };
      },
    },
  ],
];

describe('a task', () => {
  it.each(faults)('that %s fails: %s', async (_fault, check, fault) => {
    expect(await failures(fault)).toContain(check);
  });
});
