import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import type { Phase, Step } from '../contracts/step.js';
import { observing, produced } from '../finite/produced.js';
import { namesOf, type Tree } from '../tree/tree.js';
import { TermsOfStep, type WithoutGradient } from './terms-of-step.js';
import { phasesOf, playPhases, repeatedContext } from './play-phases.js';

/** What a part of a step returned that is not finite. */
export interface NotFinite {
  /** `discriminator "patch" of plugin "zoo" returned logits that are not finite`. */
  readonly sentence: string;
  /** `NaN in 3 of 64 numbers`. */
  readonly received: string;
}

/** A step that changes nothing, and what its metrics say. */
export interface ProbingStep {
  readonly step: Step;
  /** The part that first returned what is not finite, from the step's metrics; null where all of it is finite. */
  found(metrics: Tree<number>): NotFinite | null;
  /** The terms through which no gradient flows in any of the phases. */
  withoutGradient(metrics: Tree<number>): readonly WithoutGradient[];
}

/** What passed a boundary: the sentence about it, and how many numbers there were. */
interface Passed {
  readonly sentence: string;
  readonly size: number;
}

/**
 * A step that runs some phases of another one, and counts at every boundary between its parts the numbers that are not
 * finite. Any backend runs it: the counts are metrics. Where what enters a step is finite, the first part that returns
 * something else made it; what comes after only passes it on.
 *
 * @param names of the phases; see `phasesOf`.
 */
export function probingStep(probed: Step, names: readonly string[] | undefined): ProbingStep {
  const terms = new TermsOfStep();
  const phases = phasesOf(probed, names).map((phase) => observed(phase, terms));
  let passed: readonly Passed[] = [];
  const phase: Phase = {
    name: 'probe',
    gradients(state, batch, hyper, context) {
      const seen: (Passed & { readonly counts: readonly [Tensor, Tensor] })[] = [];
      const look = (sentence: string, values: readonly Tensor[]): void => {
        const numbers = values.filter(({ dtype }) => dtype === 'float32');
        if (numbers.length === 0) return;
        const counts = tf.tidy((): [Tensor, Tensor] => [
          tf.keep(sumOf(numbers.map((value) => countOf(tf.isNaN(value))))),
          tf.keep(sumOf(numbers.map((value) => countOf(tf.logicalNot(tf.isFinite(value)))))),
        ]);
        seen.push({ sentence, size: numbers.reduce((sum, { size }) => sum + size, 0), counts });
      };
      terms.clear();
      observing({ produced: look, term: (part, isRequired) => terms.observe(part, isRequired) }, () =>
        playPhases(phases, state, batch, hyper, (repeat) => repeatedContext(context, repeat)),
      );
      passed = seen;
      const metrics: Record<string, Scalar> = {};
      for (const [i, { counts }] of seen.entries()) {
        for (const [kind, count] of [
          ['nan', counts[0]],
          ['all', counts[1]],
        ] as const) {
          metrics[`${kind}/${i}`] = tf.clone(count) as Scalar; // belongs to the caller's scope
          count.dispose();
        }
      }
      return { grads: {}, stats: {}, metrics: { ...metrics, ...terms.takeMetrics() } };
    },
    update: () => ({}),
  };
  return {
    step: { id: JSON.stringify(['probe', probed.id, names ?? null]), phases: [phase] },
    found(metrics) {
      const first = passed.findIndex((_, i) => metrics[`all/${i}`] !== 0);
      if (first === -1) return null;
      const { sentence, size } = passed[first]!;
      const [nan, all] = [metrics[`nan/${first}`]!, metrics[`all/${first}`]!];
      const kind = nan === 0 ? 'Infinity' : nan === all ? 'NaN' : 'NaN and Infinity';
      return {
        sentence: `${sentence} not finite`,
        received: size === 1 ? kind : `${kind} in ${all} of ${size} numbers`,
      };
    },
    withoutGradient: (metrics) => terms.withoutGradient(metrics),
  };
}

/** The same phase, which shows what it returns: also of phases whose parts show nothing themselves. */
const observed = (phase: Phase, terms: TermsOfStep): Phase => ({
  name: phase.name,
  gradients(...given) {
    terms.beginPhase();
    const found = phase.gradients(...given);
    terms.endPhase(namesOf(found.grads).length > 0);
    const losses = Object.entries(found.metrics).filter(([name]) => name.startsWith('loss/'));
    for (const [name, value] of losses)
      produced(`phase "${phase.name}" returned a metric "${name}" that is`, value);
    produced(`phase "${phase.name}" returned gradients that are`, found.grads);
    produced(`phase "${phase.name}" returned statistics that are`, found.stats);
    return found;
  },
  update: (...given) =>
    produced(
      `the update of phase "${phase.name}" returned entries of the state that are`,
      phase.update(...given),
    ),
});

const countOf = (mask: Tensor): Scalar => tf.sum(tf.cast(mask, 'float32'));

const sumOf = (counts: readonly Scalar[]): Scalar => counts.reduce((sum, count) => tf.add(sum, count));
