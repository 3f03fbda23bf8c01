import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import type { Discriminator, Variables } from './network.js';
import type { Tree } from './tree.js';

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

/** What a regularizer may look at. `discriminate` applies D to any features, differentiably. */
export interface RegularizerView {
  /** D's trainable parameters. */
  readonly params: Tree;
  /** D's logits on the teacher's and on the student's features, [B, …] each. */
  readonly onTeacher: Tensor;
  readonly onStudent: Tensor;
  readonly teacher: Tensor;
  readonly student: Tensor;
  discriminate(features: Tensor): Tensor;
}

/**
 * A scalar ADDED to the loss that D minimises (Eq. 5 to 7). The paper writes its regularizers on the side
 * that D maximises: the sign here is the opposite, so L2 is +μ Σ w².
 */
export abstract class Regularizer {
  abstract readonly name: string;
  abstract penalty(view: RegularizerView): Scalar;
}

/** How strongly the adversarial term is mixed in; its memory is part of the state. */
export interface Balancer {
  readonly name: string;
  /** Initial memory, by name. */
  readonly init: Tree<number>;
  /** norms: |∂Data/∂features|, |∂Adv/∂features| of this step, mean over the batch. */
  weight(
    memory: Tree<Scalar>,
    norms: { readonly data: Scalar; readonly adversarial: Scalar },
  ): {
    readonly weight: Scalar;
    readonly memory: Tree<Scalar>;
  };
}

/** Whatever plays D's part, with the variables it plays with. */
export interface Player {
  readonly network: Discriminator;
  readonly variables: Variables;
}
