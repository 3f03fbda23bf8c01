import type { ClassifierOutputs, Network } from '../contracts/network.js';
import type { AdversarialLoss, Balancer, DataTerm, Regularizer } from '../contracts/objective.js';
import type { Optimizer } from '../optimizers/optimizer.js';
import type { Phase, Step } from '../contracts/step.js';
import { adversarialStudentPhase } from './adversarial-student-phase.js';
import type { ConditionSource, AttachedDiscriminator } from './attached-discriminator.js';
import { discriminatorPhase } from './discriminator-phase.js';
import type { Term } from './terms.js';

/** Where the mask of the adversarial sample sits. */
export type DropoutPosition =
  /** On the features that enter D in the student's phase; the data term sees undropped logits (the paper). */
  | 'adversarial-sample'
  /** Inside the student, before the logits: the data term sees it too. */
  | 'inside-student';

/** The rules of the game: everything in Eq. 8 that can be replaced. */
export interface AdversarialSetup {
  readonly student: Network<ClassifierOutputs>;
  /** The discriminators, one or more, each with what it looks at. */
  readonly discriminators: readonly AttachedDiscriminator[];
  readonly dataTerm: DataTerm;
  /** What the student minimises besides, such as cross-entropy with labels. */
  readonly terms?: readonly Term[];
  readonly adversarialLoss: AdversarialLoss;
  readonly regularizers: readonly Regularizer[];
  /** `joint`: in D's loss. `separate`: an update of its own after D's. */
  readonly regularizerUpdate: 'joint' | 'separate';
  readonly balancer: Balancer;
  readonly dropout: { readonly rate: number; readonly position: DropoutPosition };
  /** What conditional discriminators are told. */
  readonly condition: ConditionSource;
  /** Discriminators that judge and are never updated: a control. */
  readonly frozen?: boolean;
  readonly optimizers: { readonly student: Optimizer; readonly discriminator: Optimizer };
}

export const adversarialPhases = {
  discriminator: 'discriminator',
  regularizer: 'regularizer',
  student: 'student',
} as const;

/**
 * The min-max step of the paper's Section 3: D's phase, then the student's.
 *
 * Both phases run the student forward on the same variables; a compiling backend merges the two, and
 * nothing here nests one player's gradients in the other's.
 */
export function adversarialStep(game: AdversarialSetup): Step {
  const joint = game.regularizerUpdate === 'joint';
  const phases: Phase[] = [
    discriminatorPhase(game, { name: adversarialPhases.discriminator, plays: true, regularizes: joint }),
  ];
  if (!joint) {
    phases.push(
      discriminatorPhase(game, { name: adversarialPhases.regularizer, plays: false, regularizes: true }),
    );
  }
  phases.push(adversarialStudentPhase(game));
  const { optimizers, dropout } = game;
  const id = JSON.stringify({
    kind: 'adversarial',
    student: game.student.name,
    critics: game.discriminators.map(({ name, discriminator, input, weight, adapter }) => [
      name,
      discriminator.name,
      input,
      weight,
      adapter?.layer.name ?? null,
    ]),
    dataTerm: game.dataTerm.name,
    terms: (game.terms ?? []).map((term) => [term.name, term.id]),
    adversarialLoss: game.adversarialLoss.name,
    regularizers: game.regularizers.map(({ name }) => name),
    joint,
    balancer: game.balancer.name,
    dropout,
    condition: game.condition,
    frozen: game.frozen === true,
    optimizers: [optimizers.student.id, optimizers.discriminator.id],
  });
  return { id, phases };
}
