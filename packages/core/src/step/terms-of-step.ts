import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import type { TermObserver } from '../finite/produced.js';
import type { Tree } from '../tree/tree.js';

/** A term of a loss through which no gradient flows, although the loss is differentiated. */
export interface WithoutGradient {
  /** As errors call it. */
  readonly part: string;
  /** `none`: its result does not depend on what is trained; `zero`: all of its gradient was 0 for these inputs. */
  readonly gradient: 'none' | 'zero';
  /** Whether it is a fault to have none. */
  readonly isRequired: boolean;
}

/** Σ |gradient| over the terms of one part; null where none has a gradient. */
interface Sums {
  readonly isRequired: boolean;
  input: Scalar | null;
  result: Scalar | null;
}

/** Watches the gradients of the terms of a step, op by op or in a trace: the sums are metrics. */
export class TermsOfStep {
  /** Of the parts whose terms were computed in a phase that is differentiated. */
  readonly #sums = new Map<string, Sums>();
  #phase = new Map<string, Sums>();

  /** Forgets an earlier run of the step. */
  clear(): void {
    this.#sums.clear();
  }

  /** What the boundary of a term is to be shown. */
  observe(part: string, isRequired: boolean): TermObserver {
    const sums = this.#phase.get(part) ?? { isRequired, input: null, result: null };
    this.#phase.set(part, sums);
    return {
      input: (gradient) => (sums.input = increased(sums.input, gradient)),
      result: (gradient) => (sums.result = increased(sums.result, gradient)),
    };
  }

  beginPhase(): void {
    this.#phase = new Map();
  }

  endPhase(isDifferentiated: boolean): void {
    if (!isDifferentiated) return;
    for (const [part, { isRequired, input, result }] of this.#phase) {
      const before = this.#sums.get(part);
      this.#sums.set(part, {
        isRequired,
        input: sumOf(before?.input ?? null, input),
        result: sumOf(before?.result ?? null, result),
      });
    }
  }

  /** The sums, which belong to the caller's scope from now on. */
  takeMetrics(): Record<string, Scalar> {
    const metrics: Record<string, Scalar> = {};
    for (const [i, sums] of [...this.#sums.values()].entries()) {
      for (const kind of ['input', 'result'] as const) {
        const sum = sums[kind];
        if (sum === null) continue;
        metrics[`term/${i}/${kind}`] = tf.clone(sum);
        sum.dispose();
      }
    }
    return metrics;
  }

  /** A gradient of 0 counts only where that of the result is looked at and not 0: the term's weight may be 0 now. */
  withoutGradient(metrics: Tree<number>): readonly WithoutGradient[] {
    return [...this.#sums].flatMap(([part, { isRequired, input }], i): WithoutGradient[] => {
      if (input === null) return [{ part, gradient: 'none', isRequired }];
      const isZero = metrics[`term/${i}/input`] === 0 && (metrics[`term/${i}/result`] ?? 0) !== 0;
      return isZero ? [{ part, gradient: 'zero', isRequired }] : [];
    });
  }
}

/** A gradient's size added to a sum. */
const increased = (sum: Scalar | null, gradient: Tensor): Scalar =>
  sumOf(
    sum,
    tf.tidy(() => tf.keep(tf.sum<Scalar>(tf.abs(gradient)))),
  )!;

/** The sum of two, which it takes the place of. Kept: gradients are computed in scopes of their own. */
function sumOf(one: Scalar | null, other: Scalar | null): Scalar | null {
  if (one === null || other === null) return one ?? other;
  const sum = tf.tidy(() => tf.keep(tf.add<Scalar>(one, other)));
  one.dispose();
  other.dispose();
  return sum;
}
