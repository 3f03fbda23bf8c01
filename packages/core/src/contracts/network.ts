import type { Tensor } from '@tensorflow/tfjs-core';
import type { Distribution } from '../random/noise.js';
import type { Rng } from '../random/rng.js';
import type { HostTensor, Tree } from '../tree/tree.js';

/** A network's variables: `params` are trained, `stats` (batch-norm averages and the like) are carried. */
export interface Variables<T = Tensor> {
  readonly params: Tree<T>;
  readonly stats: Tree<T>;
}

/** A network's only door to mode, chance and whoever looks inside. */
export interface Context {
  /** True while gradients are taken: batch norm uses the batch's statistics and reports new averages. */
  readonly training: boolean;
  /**
   * A seeded random tensor, filled on the host and so equal on every backend.
   * The first axis of `shape` is the batch. Names are unique within a network's `apply`.
   */
  noise(name: string, shape: readonly number[], law: Distribution): Tensor;
  /**
   * Passes an activation through whoever wants to see or change it; the identity by default.
   * A network calls it for the input of its last layer (`'features'`) and for every tap it names,
   * and goes on with what comes back.
   */
  activation(name: string, x: Tensor): Tensor;
  /**
   * Where it is there, a layer passes its input through it, with the weights that the input is about to meet,
   * and goes on with what comes back: binarising networks change inputs here.
   */
  operand?(x: Tensor, weights: Tensor): Tensor;
}

/** What `apply` returns: the outputs by name, and the statistics that changed (all of them in training). */
export interface Applied<O> {
  readonly outputs: O;
  readonly stats: Tree;
}

/** One line of a network's description, for one image. */
export interface LayerSummary {
  readonly name: string;
  /** Output shape without the batch. */
  readonly output: readonly number[];
  readonly parameters: number;
  /** 2 × multiply-adds + bias additions. */
  readonly flops: number;
}

/**
 * Every trainable thing (student, teacher, discriminator, adapter) is a network: pure functions over
 * flat named trees. The same `apply` is run eagerly, compiled for training, and exported.
 */
export interface Network<O extends object> {
  readonly name: string;
  /** Fresh variables for inputs of shape `input` (no batch axis). Throws `ANC_MODEL_INPUT` where it cannot be. */
  init(rng: Rng, input: readonly number[]): Variables<HostTensor>;
  /** x: [B, ...input]. Never reads tensor values, never draws numbers of its own. */
  apply(variables: Variables, x: Tensor, context: Context): Applied<O>;
  /** Layers in order of execution. Throws like `init`. */
  summary(input: readonly number[]): readonly LayerSummary[];
}

/** A classifier's outputs: logits [B, classes], features [B, d] (the input of the last layer), and named taps. */
export interface ClassifierOutputs {
  readonly logits: Tensor;
  readonly features: Tensor;
  readonly [tap: string]: Tensor;
}

/** The network being trained: an image classifier. */
export abstract class Student implements Network<ClassifierOutputs> {
  abstract readonly name: string;
  /** Width of the logits. */
  abstract readonly classes: number;
  abstract init(rng: Rng, input: readonly number[]): Variables<HostTensor>;
  /** x: [B, H, W, C] -> logits [B, classes], features [B, d]. */
  abstract apply(variables: Variables, x: Tensor, context: Context): Applied<ClassifierOutputs>;
  abstract summary(input: readonly number[]): readonly LayerSummary[];
}

/** A discriminator's output before the sigmoid: [B, 1], or any [B, …] of patches. */
export interface DiscriminatorOutputs {
  readonly logits: Tensor;
  /** A verdict on the class too, [B, classes]: what an auxiliary classifier gives. */
  readonly classes?: Tensor;
}

/**
 * The second player: tells teacher (1) from student (0) by features or logits.
 * Returns raw logits, never a sigmoid: the losses are the numerically stable ones.
 */
export abstract class Discriminator implements Network<DiscriminatorOutputs> {
  abstract readonly name: string;
  /** Whether it is given a condition beside x: class probabilities [B, classes]. */
  readonly conditional: boolean = false;
  /** `classes`: width of the condition, for those that take one. */
  abstract init(rng: Rng, input: readonly number[], classes?: number): Variables<HostTensor>;
  /** x: [B, …] -> logits [B, …]. */
  abstract apply(
    variables: Variables,
    x: Tensor,
    context: Context,
    condition?: Tensor,
  ): Applied<DiscriminatorOutputs>;
  abstract summary(input: readonly number[], classes?: number): readonly LayerSummary[];
}
