import * as tf from '@tensorflow/tfjs-core';
import type { Scalar } from '@tensorflow/tfjs-core';
import { agreement, errorRate } from '../losses/losses.js';
import type { ClassifierOutputs, Context, Network } from '../contracts/network.js';
import type { Optimizer } from '../optimizers/optimizer.js';
import type { Step } from '../contracts/step.js';
import type { Tree } from '../tree/tree.js';
import { studentPhase, type AuxiliaryLayer, type LossContext } from './student-phase.js';

/** One summand of what a student minimises. */
export interface Term {
  /** Its metric is `loss/<name>`, its weight the hyper-parameter `weight/<name>`. */
  readonly name: string;
  /** Says every constant: part of the compile cache's key. */
  readonly id: string;
  readonly teacherOutputs: readonly string[];
  readonly usesLabels: boolean;
  /** By player name, unique in the method. */
  readonly auxiliaryLayers?: Tree<AuxiliaryLayer>;
  /** The scalar, its weight not yet applied. */
  loss(situation: LossContext): Scalar;
}

/** Σ weight · term, with the weights of this step. Its parts are the metrics. */
export function sumOfTerms(
  terms: readonly Term[],
  situation: LossContext,
): { readonly loss: Scalar; readonly metrics: Record<string, Scalar> } {
  const losses = terms.map((term) => term.loss(situation));
  const weighted = losses.map((loss, i) => tf.mul(loss, situation.hyper[`weight/${terms[i]!.name}`]!));
  return {
    loss: weighted.reduce((sum, term) => tf.add(sum, term)) as Scalar,
    metrics: Object.fromEntries(losses.map((loss, i) => [`loss/${terms[i]!.name}`, loss])),
  };
}

/** All companions that some terms bring. */
export const auxiliaryLayersOf = (terms: readonly Term[]): Record<string, AuxiliaryLayer> =>
  Object.assign({}, ...terms.map((term) => term.auxiliaryLayers ?? {})) as Record<string, AuxiliaryLayer>;

export interface TermStepOptions {
  readonly student: Network<ClassifierOutputs>;
  readonly optimizer: Optimizer;
  readonly terms: readonly Term[];
  /** Replaces the context under which the student is applied; `id` says how. */
  readonly wrapContext?: { readonly id: string; wrap(context: Context): Context };
}

/** A step of one player: the student minimises a weighted sum of terms. */
export function termStep({ student, optimizer, terms, wrapContext: lens }: TermStepOptions): Step {
  const phase = studentPhase({
    student,
    optimizer,
    auxiliaryLayers: auxiliaryLayersOf(terms),
    ...(lens && { wrapContext: (context: Context) => lens.wrap(context) }),
    objective(situation) {
      const { loss, metrics } = sumOfTerms(terms, situation);
      const { outputs, batch } = situation;
      const [told, labels] = [batch['teacher/logits'], batch.labels];
      return {
        loss,
        metrics: {
          ...metrics,
          ...(told && { agreement: agreement(outputs.logits, told) }),
          ...(labels && { error: errorRate(outputs.logits, labels) }),
        },
      };
    },
  });
  const id = {
    kind: 'terms',
    student: student.name,
    optimizer: optimizer.id,
    terms: terms.map((term) => [term.name, term.id]),
    lens: lens?.id ?? null,
  };
  return { id: JSON.stringify(id), phases: [phase] };
}
