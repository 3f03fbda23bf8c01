import type { ClassifierOutputs, Network } from '../contracts/network.js';
import type { AdversarialLoss, Balancer, DataTerm, Regularizer } from '../contracts/objective.js';
import { originOf } from '../contracts/origin.js';
import type { Phase, Step } from '../contracts/step.js';
import type { Task } from '../contracts/task.js';
import type { Optimizer } from '../optimizers/optimizer.js';
import { classification } from '../tasks/classification/classification.js';
import type { Tree } from '../tree/tree.js';
import { adversarialStudentPhase } from './adversarial-student-phase.js';
import type { AttachedDiscriminator, ConditionSource } from './attached-discriminator.js';
import { discriminatorPhase } from './discriminator-phase.js';
import type { Term } from './terms.js';

/** Where dropout is applied in the student's phase. */
export type DropoutPosition =
  /** To the features that enter D; the data term sees the logits of undropped features (the paper). */
  | 'adversarial-sample'
  /** Inside the student, before the logits: the data term sees it too. */
  | 'inside-student';

/** Everything in the min-max objective (Eq. 8) that can be replaced. */
export interface AdversarialSetup {
  /** The network to train. */
  readonly student: Network<ClassifierOutputs>;
  /** What the logits mean; default: classification. */
  readonly task?: Task;
  /** One or more discriminators, each with its input. */
  readonly discriminators: readonly AttachedDiscriminator[];
  /** The term that compares the outputs of student and teacher. */
  readonly dataTerm: DataTerm;
  /** Further terms of the student's loss, such as cross-entropy with labels. */
  readonly terms?: readonly Term[];
  /** Losses of discriminator and student. */
  readonly adversarialLoss: AdversarialLoss;
  /** Regularizers of the discriminators; none if empty. */
  readonly regularizers: readonly Regularizer[];
  /** `joint`: in D's loss. `separate`: an update of its own after D's. */
  readonly regularizerUpdate: 'joint' | 'separate';
  /** Chooses the weight of the adversarial term. */
  readonly balancer: Balancer;
  /** `rate`: probability that an entry is dropped. */
  readonly dropout: { readonly rate: number; readonly position: DropoutPosition };
  /** The condition of conditional discriminators. */
  readonly condition: ConditionSource;
  /** Discriminators that are never updated: a control experiment. */
  readonly frozen?: boolean;
  /** Optimizers of the two networks. */
  readonly optimizers: { readonly student: Optimizer; readonly discriminator: Optimizer };
}

/** Names of the phases of an adversarial step; `regularizer` is only there where its update is separate. */
export const adversarialPhases = {
  discriminator: 'discriminator',
  regularizer: 'regularizer',
  student: 'student',
} as const;

/**
 * The min-max step of the paper's Section 3: D's phase, then the student's.
 *
 * Both phases run the student forward on the same variables; a compiling backend merges the two. Nothing here nests
 * one network's gradients in the other's: that would differentiate through D's update.
 */
export function adversarialStep(setup: AdversarialSetup): Step {
  const joint = setup.regularizerUpdate === 'joint';
  const phases: Phase[] = [
    discriminatorPhase(setup, {
      name: adversarialPhases.discriminator,
      adversarialLoss: true,
      regularizers: joint,
    }),
  ];
  if (!joint) {
    phases.push(
      discriminatorPhase(setup, {
        name: adversarialPhases.regularizer,
        adversarialLoss: false,
        regularizers: true,
      }),
    );
  }
  phases.push(adversarialStudentPhase(setup));
  const { optimizers, dropout } = setup;
  const id = JSON.stringify({
    kind: 'adversarial',
    student: setup.student.name,
    task: (setup.task ?? classification).name,
    discriminators: setup.discriminators.map(({ name, discriminator, input, weight, adapter }) => [
      name,
      discriminator.name,
      input,
      weight,
      adapter?.layer.name ?? null,
    ]),
    dataTerm: setup.dataTerm.name,
    terms: (setup.terms ?? []).map((term) => [term.name, term.id]),
    adversarialLoss: setup.adversarialLoss.name,
    regularizers: setup.regularizers.map(({ name }) => name),
    joint,
    balancer: setup.balancer.name,
    dropout,
    condition: setup.condition,
    frozen: setup.frozen === true,
    optimizers: [optimizers.student.id, optimizers.discriminator.id],
  });
  return { id, phases, sources: sourcesOf(setup) };
}

/** Who computes the losses, those that others depend on first. */
const sourcesOf = ({
  regularizers,
  adversarialLoss,
  dataTerm,
  terms = [],
}: AdversarialSetup): Tree<string> => ({
  'loss/regularizer': regularizers.map((one) => originOf('regularizer', one)).join(', '),
  'loss/discriminator': originOf('adversarial loss', adversarialLoss),
  'loss/data': originOf('data term', dataTerm),
  ...Object.fromEntries(terms.map(({ name, origin }) => [`loss/${name}`, origin ?? `term "${name}"`])),
  'loss/adversarial': originOf('adversarial loss', adversarialLoss),
});
