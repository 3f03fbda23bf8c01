import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import type { Tree } from '../tree/tree.js';

/** What a data term compares: logits [B, classes] of both players. */
export interface DataTerm {
  readonly name: string;
  /** The scalar that the student minimises, λ not yet applied (Eq. 3 and its relatives). */
  loss(student: Tensor, teacher: Tensor): Scalar;
}

/** The student's side of the game. */
export interface AdversarialLoss {
  readonly name: string;
  /** What D minimises: teacher and student logits of D, [B, …] each (Eq. 2, negated). */
  discriminator(onTeacher: Tensor, onStudent: Tensor): Scalar;
  /** What the student minimises, from D's logits on its (dropped) features. */
  student(onStudent: Tensor): Scalar;
}

/** What a regularizer may look at. */
export interface RegularizerContext {
  /** D's trainable parameters. */
  readonly params: Tree;
  /** D's logits on the teacher's and on the student's features, [B, …] each. */
  readonly onTeacher: Tensor;
  readonly onStudent: Tensor;
  readonly teacher: Tensor;
  readonly student: Tensor;
  /**
   * The student's features as this step's student phase will show them to D, under the same dropout mask,
   * wherever dropout sits. Made when it is read: leave it unread where it is not needed.
   */
  readonly dropped: Tensor;
  /** D's logits on any features, differentiably. */
  discriminate(features: Tensor): Tensor;
}

/**
 * A scalar ADDED to the loss that D minimises (Eq. 5 to 7). The paper writes its regularizers on the side
 * that D maximises: the sign here is the opposite, so L2 is +μ Σ w².
 */
export abstract class Regularizer {
  abstract readonly name: string;
  abstract penalty(view: RegularizerContext): Scalar;
}

/** |∂Data/∂f| and |∂Adv/∂f| at the discriminator's input f, means over the batch; λ applied, the weight not. */
export interface GradientNorms {
  readonly data: Scalar;
  readonly adversarial: Scalar;
}

/** How strongly the adversarial term is mixed in. Its memory is part of the training state. */
export interface Balancer {
  readonly name: string;
  /** Initial memory, by name. */
  readonly memory: Tree<number>;
  /** This step's weight, from earlier steps alone. */
  weight(memory: Tree): Scalar;
  /** The memory after this step: every entry, or none where nothing is remembered. */
  next(memory: Tree, norms: GradientNorms): Tree;
}
