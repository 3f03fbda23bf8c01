import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import type { Distribution } from '../random/noise.js';
import type { HostTensor, Tree } from '../tree/tree.js';
import type { ClassifierOutputs } from './network.js';

/** What every component of the objective can use besides the tensors that it is called with. */
export interface ObjectiveContext {
  /** Completed share of the stage's training, from 0 to 1. */
  readonly progress: Scalar;
  /**
   * A seeded random tensor, the same on every backend; the first axis of `shape` is the batch. The same name gives the
   * same numbers within a phase, and other numbers in the next.
   */
  noise(name: string, shape: readonly number[], distribution: Distribution): Tensor;
}

/** What a data term can use besides the logits. */
export interface DataTermContext extends ObjectiveContext {
  /** The student's outputs by name, [B, …]: logits, features and taps. */
  readonly student: ClassifierOutputs;
  /** The teacher's outputs by name, [B, …]: logits and what the term's `teacherOutputs` names. */
  readonly teacher: Tree;
}

/**
 * The part of the student's loss that compares the outputs of student and teacher. Classes are on the last axis of the
 * logits, and the loss is a mean over all others.
 */
export interface DataTerm {
  /** Name in records; contains every option, as the step's `id` is made of it. */
  readonly name: string;
  /** Teacher outputs that it reads besides the logits, by name; none where left out. */
  readonly teacherOutputs?: readonly string[];
  /**
   * The scalar that the student minimizes, without λ (Eq. 3 and its relatives).
   *
   * @param student logits [B, …, classes].
   * @param teacher logits [B, …, classes].
   */
  loss(student: Tensor, teacher: Tensor, context: DataTermContext): Scalar;
}

/** What an adversarial loss can use besides the logits that it is called with. */
export interface AdversarialLossContext extends ObjectiveContext {
  /**
   * D's logits on the teacher's features, [B, …]. The student's phase computes them when they are read: do not read
   * them where they are not needed.
   */
  readonly onTeacher: Tensor;
  /** D's hidden features on the teacher's features: its taps by name, [B, …], in order of execution. */
  readonly hiddenOnTeacher: Tree;
  /** The same on the student's features; in the student's phase after dropout. */
  readonly hiddenOnStudent: Tree;
}

/** The adversarial losses of discriminator and student. */
export interface AdversarialLoss {
  /** Name in records; contains every option, as the step's `id` is made of it. */
  readonly name: string;
  /** What D minimizes, from its logits on teacher and on student features, [B, …] each (Eq. 2, negated). */
  discriminator(onTeacher: Tensor, onStudent: Tensor, context: AdversarialLossContext): Scalar;
  /** What the student minimizes, from D's logits on its features after dropout, [B, …]. */
  student(onStudent: Tensor, context: AdversarialLossContext): Scalar;
}

/** What a regularizer can use. */
export interface RegularizerContext extends ObjectiveContext {
  /** D's trainable parameters. */
  readonly params: Tree;
  /** D's logits on the teacher's and on the student's features, [B, …] each. */
  readonly onTeacher: Tensor;
  /** D's logits on the student's features, [B, …]. */
  readonly onStudent: Tensor;
  /** The teacher's features, D's input, [B, …]. */
  readonly teacher: Tensor;
  /** The student's features, D's input, [B, …]. */
  readonly student: Tensor;
  /** D's hidden features on the teacher's and on the student's features: its taps by name, [B, …]. */
  readonly hiddenOnTeacher: Tree;
  /** D's hidden features on the student's features: its taps by name, [B, …]. */
  readonly hiddenOnStudent: Tree;
  /**
   * The student's features as the student's phase of this step passes them to D, under the same dropout mask, for
   * either dropout position. Computed when it is read: do not read it where it is not needed.
   */
  readonly dropped: Tensor;
  /** The regularizer's memory of this discriminator, from earlier phases alone; empty where it declares none. */
  readonly memory: Tree;
  /** D's logits on any features, differentiably. */
  discriminate(features: Tensor): Tensor;
  /** D's hidden features on any features, differentiably. */
  hidden(features: Tensor): Tree;
}

/**
 * A scalar ADDED to the loss that D minimizes (Eq. 5 to 7). The paper adds its regularizers to the objective that D
 * maximizes: the sign here is the opposite, so L2 is +μ Σ w².
 */
export abstract class Regularizer {
  /** Name in records; contains every option, as the step's `id` is made of it. */
  abstract readonly name: string;
  /**
   * The initial memory by name, of fixed shapes, where the regularizer has one. It is part of the training state, one
   * for each discriminator.
   *
   * @param input shape of the discriminator's input, without the batch axis.
   */
  memory?(input: readonly number[]): Tree<HostTensor>;
  /**
   * The memory after this phase: every entry, of the same shape. No gradient flows through it. Micro-batches and ranks
   * average it, weighted by their rows: keep means over the batch and moving averages of them, no single samples.
   */
  next?(context: RegularizerContext): Tree;
  /** The penalty, a scalar that D minimizes with its adversarial loss. */
  abstract penalty(context: RegularizerContext): Scalar;
}

/**
 * |∂Data/∂f| and |∂Adv/∂f| at the discriminator's input f, means over the batch; with λ, without the adversarial
 * weight. Both losses are means over the rows that are computed at once, so n micro-batches or ranks make both norms n
 * times as large: their ratio is the same.
 */
export interface GradientNorms {
  /** Norm of the data term's gradient. */
  readonly data: Scalar;
  /** Norm of the adversarial term's gradient, without its weight. */
  readonly adversarial: Scalar;
}

/** Chooses the weight of the adversarial term. Its memory is part of the training state. */
export interface Balancer {
  /** Name in records; contains every option, as the step's `id` is made of it. */
  readonly name: string;
  /** Initial memory, by name. */
  readonly memory: Tree<number>;
  /** The weight of this step, from earlier steps alone. */
  weight(memory: Tree): Scalar;
  /** The memory after this step: every entry; empty where there is none. */
  next(memory: Tree, norms: GradientNorms): Tree;
}
