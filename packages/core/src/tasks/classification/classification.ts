import type { Measurement, Task } from '../../contracts/task.js';
import { softmaxCrossEntropy } from '../../losses/losses.js';
import { agreement, errorRate } from './batch-metrics.js';
import { classAgreement } from './chance-agreement.js';
import { topClasses } from './top-classes.js';
import { countWrong } from './top-error.js';

/** With fewer classes the top-5 error says little. */
const FEWEST_FOR_TOP5 = 11;

/** Image classification: logits [B, classes], one class index per image, measured by the share of wrong images. */
export const classification: Task = {
  name: 'classification',
  outputs: ({ classes }) => [classes],
  targets: () => [],
  metrics: [
    { name: 'error', label: 'test error', better: 'lower' },
    {
      name: 'top5-error',
      label: 'top-5 error',
      better: 'lower',
      inTables: false,
      fewestClasses: FEWEST_FOR_TOP5,
    },
  ],
  loss: softmaxCrossEntropy,
  batchMetrics: (logits, labels) => ({ error: errorRate(logits, labels) }),
  batchAgreement: agreement,
  predict: ({ shape, data }) => topClasses({ classes: shape.at(-1)!, data }),
  agreement: (predicted, teacher) => classAgreement(predicted as Int32Array, teacher as Int32Array),
  measure: () => new ErrorCounts(),
};

/** Wrong images so far, by the largest logit and by the five largest. */
class ErrorCounts implements Measurement {
  #images = 0;
  #wrong = 0;
  #notInFive = 0;

  add({ shape, data }: Parameters<Measurement['add']>[0], labels: Int32Array): void {
    const rows = { classes: shape.at(-1)!, data };
    this.#images += labels.length;
    this.#wrong += countWrong(rows, labels, 1);
    this.#notInFive += countWrong(rows, labels, 5);
  }

  result(): { error: number; 'top5-error': number } {
    return { error: this.#wrong / this.#images, 'top5-error': this.#notInFive / this.#images };
  }
}
