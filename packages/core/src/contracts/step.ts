import type { Scalar } from '@tensorflow/tfjs-core';
import type { Context } from './network.js';
import type { LeafSpec, Tree } from '../tree/tree.js';

/** What a phase computes from a batch, before anything changes. */
export interface PhaseGradients {
  /** By the parameter's full state name. Averaged over micro-batches and ranks. */
  readonly grads: Tree;
  /** State entries that the forward pass changed (batch-norm averages), by full state name. */
  readonly stats: Tree;
  /** Among them `loss/<phase>`: the scalar whose gradients these are. */
  readonly metrics: Tree<Scalar>;
}

/**
 * One player's move: gradients, then an update. Both are pure functions of tensors. The cut between
 * them is where micro-batches are averaged and ranks reduce.
 */
export interface Phase {
  readonly name: string;
  gradients(state: Tree, batch: Tree, hyper: Tree<Scalar>, context: Context): PhaseGradients;
  /** Returns the changed entries only, by full state name. */
  update(state: Tree, grads: Tree, hyper: Tree<Scalar>): Tree;
}

/** An ordered list of phases. `id` says all that the code does not take as input: it is the compile cache's key. */
export interface Step {
  readonly id: string;
  readonly phases: readonly Phase[];
}

/** Shapes and types of everything that enters a step. */
export interface StepSpec {
  readonly state: Tree<LeafSpec>;
  readonly batch: Tree<LeafSpec>;
  /** Names of the scalars that change over time. */
  readonly hyper: readonly string[];
  /** The phases to run, in order; a name may come more than once. Defaults to each phase once. */
  readonly phases?: readonly string[];
}

/** A pure function of tensors: teacher inference, evaluation, export. */
export type TensorFunction = (inputs: Tree, context: Context) => Tree;

export interface FunctionSpec {
  /** Identifies the code; with the shapes, the compile cache's key. */
  readonly id: string;
  readonly inputs: Tree<LeafSpec>;
}
