import * as tf from '@tensorflow/tfjs-core';
import type { Scalar } from '@tensorflow/tfjs-core';
import type { ClassifierOutputs, Context, Network } from '../contracts/network.js';
import type { Step } from '../contracts/step.js';
import type { Task } from '../contracts/task.js';
import type { Optimizer } from '../optimizers/optimizer.js';
import { classification } from '../tasks/classification/classification.js';
import { receivedTree } from '../finite/produced.js';
import type { Tree } from '../tree/tree.js';
import { scalarFrom } from './component-result.js';
import { studentPhase, type AuxiliaryLayer, type LossContext } from './student-phase.js';

/** One term of the student's loss. */
export interface Term {
  /** Its metric is `loss/<name>`, its weight the hyperparameter `weight/<name>`. */
  readonly name: string;
  /** Contains every constant: part of the compile cache's key. */
  readonly id: string;
  /** Teacher outputs that it reads from the batch, as `teacher/<output>`. */
  readonly teacherOutputs: readonly string[];
  /** Whether it reads `labels` from the batch. */
  readonly usesLabels: boolean;
  /** What errors call it, where a part of the objective provides it; see `originOf`. */
  readonly origin?: string;
  /** By name in the training state, unique in the method. */
  readonly auxiliaryLayers?: Tree<AuxiliaryLayer>;
  /** The scalar, without its weight. */
  loss(context: LossContext): Scalar;
}

const termOrigin = ({ name, origin }: Term): string => origin ?? `term "${name}"`;

/** Σ weight · term, with the weights of this step; the unweighted terms are the metrics. */
export function sumOfTerms(
  terms: readonly Term[],
  context: LossContext,
): { readonly loss: Scalar; readonly metrics: Record<string, Scalar> } {
  const losses = terms.map((term) => {
    const origin = termOrigin(term);
    const own = { ...context, outputs: receivedTree(origin, context.outputs) };
    return scalarFrom(origin, 'loss', () => term.loss(own));
  });
  const weighted = losses.map((loss, i) => tf.mul(loss, context.hyper[`weight/${terms[i]!.name}`]!));
  return {
    loss: weighted.reduce((sum, term) => tf.add(sum, term)) as Scalar,
    metrics: Object.fromEntries(losses.map((loss, i) => [`loss/${terms[i]!.name}`, loss])),
  };
}

/** The auxiliary layers of all terms. */
export const auxiliaryLayersOf = (terms: readonly Term[]): Record<string, AuxiliaryLayer> =>
  Object.assign({}, ...terms.map((term) => term.auxiliaryLayers ?? {})) as Record<string, AuxiliaryLayer>;

/** Options of `termStep`. */
export interface TermStepOptions {
  /** The network to train. */
  readonly student: Network<ClassifierOutputs>;
  /** Its optimizer. */
  readonly optimizer: Optimizer;
  /** The terms, whose weighted sum is the loss. */
  readonly terms: readonly Term[];
  /** What the logits mean; default: classification. */
  readonly task?: Task;
  /** Replaces the context under which the student is applied; `id` identifies the replacement. */
  readonly wrapContext?: { readonly id: string; wrap(context: Context): Context };
}

/** A step without a discriminator: the student minimizes a weighted sum of terms. */
export function termStep({
  student,
  optimizer,
  terms,
  task = classification,
  wrapContext,
}: TermStepOptions): Step {
  const phase = studentPhase({
    student,
    optimizer,
    task,
    auxiliaryLayers: auxiliaryLayersOf(terms),
    ...(wrapContext && { wrapContext: (context: Context) => wrapContext.wrap(context) }),
    objective(context) {
      const { loss, metrics } = sumOfTerms(terms, context);
      const { outputs, batch } = context;
      const [teacherLogits, labels] = [batch['teacher/logits'], batch.labels];
      return {
        loss,
        metrics: {
          ...metrics,
          ...(teacherLogits && { agreement: task.batchAgreement(outputs.logits, teacherLogits) }),
          ...(labels && task.batchMetrics(outputs.logits, labels)),
        },
      };
    },
  });
  const id = {
    kind: 'terms',
    task: task.name,
    student: student.name,
    optimizer: optimizer.id,
    terms: terms.map((term) => [term.name, term.id]),
    wrapContext: wrapContext?.id ?? null,
  };
  const sources = Object.fromEntries(terms.map((term) => [`loss/${term.name}`, termOrigin(term)]));
  return { id: JSON.stringify(id), phases: [phase], sources };
}
