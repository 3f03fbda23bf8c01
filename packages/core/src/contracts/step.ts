import type { Scalar } from '@tensorflow/tfjs-core';
import type { LeafSpec, Tree } from '../tree/tree.js';
import type { Context } from './network.js';

/** What a phase computes from a batch, before anything is updated. */
export interface PhaseGradients {
  /** By the parameter's full state name. Averaged over micro-batches and ranks. */
  readonly grads: Tree;
  /** State entries that the forward pass changed (batch-norm averages), by full state name. Averaged likewise. */
  readonly stats: Tree;
  /** Other means over the batch that the update needs, by any name. Averaged likewise. */
  readonly means?: Tree;
  /** One of them is `loss/<phase>`: the scalar whose gradients these are. */
  readonly metrics: Tree<Scalar>;
}

/**
 * The part of a step that trains one network: gradients, then an update. Both are pure functions of tensors. Between
 * them gradients can be averaged over micro-batches and ranks; see `Exchange`.
 */
export interface Phase {
  /** Name of the phase, unique in its step. */
  readonly name: string;
  /**
   * Whether every rank computes the phase alike, for the whole batch: nothing of it is exchanged. It reads no entries of the
   * batch, of which a rank has its rows alone, and draws its noise for the whole batch. Not where left out.
   */
  readonly replicated?: boolean;
  /** Computes gradients, means and metrics on one batch. Pure: the same arguments give the same result. */
  gradients(state: Tree, batch: Tree, hyper: Tree<Scalar>, context: Context): PhaseGradients;
  /** Returns the changed entries only, by full state name. `means`: those of `gradients`, averaged as `grads` are. */
  update(state: Tree, grads: Tree, hyper: Tree<Scalar>, means?: Tree): Tree;
}

/** An ordered list of phases. `id` contains everything that is not an input: it is the compile cache's key. */
export interface Step {
  /** Identifies code and constants: with the spec, the compile cache's key. */
  readonly id: string;
  /** The phases, in the order in which they run. */
  readonly phases: readonly Phase[];
  /**
   * Which component computes a metric, by the metric's name: `loss/data` → `data term "kl"`. An error about a metric
   * names the first of them.
   */
  readonly sources?: Tree<string>;
}

/** Shapes and types of everything that enters a step. */
export interface StepSpec {
  /** Entries of the training state. */
  readonly state: Tree<LeafSpec>;
  /** Entries of the batch. */
  readonly batch: Tree<LeafSpec>;
  /** Names of the scalars that change over time. */
  readonly hyper: readonly string[];
  /** The phases to run, in order; a name may repeat. Each phase once where left out. */
  readonly phases?: readonly string[];
  /** Number of ranks whose means the step takes while it runs; see `Context.ranks`. None where left out. */
  readonly ranks?: number;
  /**
   * Whether the step averages over ranks what each phase's gradients return (gradients, means, statistics, metrics) before the
   * phase's update, by `Inputs.rankMeans`. Only backends with `Capabilities.rankMeans: 'awaiting'` are given such steps.
   */
  readonly exchanges?: boolean;
}

/** A pure function of tensors: teacher inference, evaluation, export. */
export type TensorFunction = (inputs: Tree, context: Context) => Tree;

/** Inputs of a tensor function. */
export interface FunctionSpec {
  /** Identifies the code; with the shapes, the compile cache's key. */
  readonly id: string;
  /** What it is, in the words of messages, e.g. `model "noisy" of plugin "mine"`; where left out, `the function` and its id. */
  readonly title?: string;
  /** Inputs by name, batch axis included. */
  readonly inputs: Tree<LeafSpec>;
}
