import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import type { Normalization } from './dataset.js';
import type { HostTensor, Tree } from '../tree/tree.js';
import type { BatchNormInput, ClassifierOutputs } from './network.js';
import type { ObjectiveContext } from './objective.js';

/** What a generator is created for. */
export interface GeneratorEnvironment {
  /** [H, W, C] of its images. */
  readonly image: readonly number[];
  /** How the student normalizes bytes; where it is not known, pixels have mean 127.5 and deviation 63.75. */
  readonly normalization?: Normalization;
}

/** How far student and teacher are apart on generated images: the generator maximizes it (DFAD, Fang 2019, Eq. 1). */
export interface Discrepancy {
  /** Contains every constant. */
  readonly name: string;
  /**
   * A scalar, 0 where the logits are equal.
   *
   * @param student logits [B, …, classes]; @param teacher the same.
   */
  distance(student: Tensor, teacher: Tensor, context: ObjectiveContext): Scalar;
}

/** What a term of the generator's loss can use. Gradients flow from all of it to the generator. */
export interface GeneratorTermContext extends ObjectiveContext {
  /** Generated images [B, H, W, C], in units of bytes. */
  readonly images: Tensor;
  /** The noise that they were made from, [B, n]. */
  readonly z: Tensor;
  /** Outputs of the frozen teacher for these images. */
  readonly teacher: ClassifierOutputs;
  /** Outputs of the student, which is fixed here, for these images. */
  readonly student: ClassifierOutputs;
  /** The inputs of the teacher's batch norms, in order of execution; none where it has none. */
  readonly batchNorms: readonly BatchNormInput[];
}

/** A scalar ADDED to the loss that the generator minimizes, with its weight. */
export interface GeneratorTerm {
  /** Contains every constant. */
  readonly name: string;
  /** The weighted term, a scalar. */
  penalty(context: GeneratorTermContext): Scalar;
}

/**
 * A bounded memory of generated images, from which the student is shown some in each of its updates. It is part of the
 * training state: tensors of fixed shapes, and pure functions of them.
 */
export interface ReplayMemory {
  /** Contains every constant. */
  readonly name: string;
  /**
   * True for none: the student is shown images that are generated for each of its updates, and the functions are not
   * called.
   */
  readonly fresh: boolean;
  /** The empty memory. `samples`: what is stored of a batch, zeros of its shapes [B, …]. */
  init(samples: Tree<HostTensor>): Tree<HostTensor>;
  /** The memory with a batch more: every entry, of the same shape. samples: [B, …]. */
  push(memory: Tree, samples: Tree): Tree;
  /** Stored samples, the same rows of each entry. uniform: [n] in 0..1. Returns [n, …] by the names of `init`. */
  draw(memory: Tree, uniform: Tensor): Tree;
}
