import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import type { Tree } from '../tree/tree.js';

/**
 * The part of the student's loss that compares logits [B, …, classes] of student and teacher: classes are on the last
 * axis, and the loss is a mean over all others.
 */
export interface DataTerm {
  readonly name: string;
  /** The scalar that the student minimizes, without λ (Eq. 3 and its relatives). */
  loss(student: Tensor, teacher: Tensor): Scalar;
}

/** The adversarial losses of discriminator and student. */
export interface AdversarialLoss {
  readonly name: string;
  /** What D minimizes, from its logits on teacher and on student features, [B, …] each (Eq. 2, negated). */
  discriminator(onTeacher: Tensor, onStudent: Tensor): Scalar;
  /** What the student minimizes, from D's logits on its features after dropout. */
  student(onStudent: Tensor): Scalar;
}

/** What a regularizer can use. */
export interface RegularizerContext {
  /** D's trainable parameters. */
  readonly params: Tree;
  /** D's logits on the teacher's and on the student's features, [B, …] each. */
  readonly onTeacher: Tensor;
  readonly onStudent: Tensor;
  readonly teacher: Tensor;
  readonly student: Tensor;
  /**
   * The student's features as the student's phase of this step passes them to D, under the same dropout mask, for
   * either dropout position. Computed when it is read: do not read it where it is not needed.
   */
  readonly dropped: Tensor;
  /** D's logits on any features, differentiably. */
  discriminate(features: Tensor): Tensor;
}

/**
 * A scalar ADDED to the loss that D minimizes (Eq. 5 to 7). The paper adds its regularizers to the objective that D
 * maximizes: the sign here is the opposite, so L2 is +μ Σ w².
 */
export abstract class Regularizer {
  abstract readonly name: string;
  abstract penalty(context: RegularizerContext): Scalar;
}

/**
 * |∂Data/∂f| and |∂Adv/∂f| at the discriminator's input f, means over the batch; with λ, without the adversarial
 * weight. Both losses are means over the rows that are computed at once, so n micro-batches or ranks make both norms n
 * times as large: their ratio is the same.
 */
export interface GradientNorms {
  readonly data: Scalar;
  readonly adversarial: Scalar;
}

/** Chooses the weight of the adversarial term. Its memory is part of the training state. */
export interface Balancer {
  readonly name: string;
  /** Initial memory, by name. */
  readonly memory: Tree<number>;
  /** The weight of this step, from earlier steps alone. */
  weight(memory: Tree): Scalar;
  /** The memory after this step: every entry; empty where there is none. */
  next(memory: Tree, norms: GradientNorms): Tree;
}
