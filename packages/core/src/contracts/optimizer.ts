import type { Scalar } from '@tensorflow/tfjs-core';
import type { HostTensor, Tree } from '../tree/tree.js';

/** What a transform receives beside the updates. */
export interface TransformContext {
  /** The parameters before this step: the names and shapes of the updates. */
  readonly params: Tree;
  /** The scheduled learning rate of this step. */
  readonly learningRate: Scalar;
}

/** What a transform returns. */
export interface Transformed {
  /** The same names and shapes as the updates that it received. */
  readonly updates: Tree;
  /** Every entry that `init` returned, with the same shapes. */
  readonly slots: Tree;
}

/**
 * A step of turning one network's gradients into what is subtracted from its parameters: a pair of pure functions, init and
 * update, as in optax (Hessel et al. 2020). An optimizer is a chain of them; the last result is subtracted, so that one of them
 * multiplies by the learning rate.
 *
 * The step is recorded once and then runs without this code: no value of a tensor may be read, and everything that changes over
 * time is a slot or an argument.
 */
export interface GradientTransform {
  /** Contains every constant: part of the compile cache's key. */
  readonly id: string;
  /** The initial slots, such as velocities and moments; names are paths, `velocity/conv1/weights`. */
  init(params: Tree<HostTensor>): Tree<HostTensor>;
  /** updates, context.params: the same names and shapes. slots: the entries that `init` returned, and those of other transforms. */
  update(updates: Tree, slots: Tree, context: TransformContext): Transformed;
}

/** Where a schedule is asked for its factor. */
export interface SchedulePosition {
  /** Steps done in the stage: 0 at the first one. */
  readonly step: number;
  /** Steps of the whole stage, 1 or more. */
  readonly steps: number;
  /** Steps of the linear warm-up, during which the schedule is not asked; 0 without one. */
  readonly warmup: number;
  /** Steps of one epoch. */
  readonly stepsPerEpoch: number;
}

/** The learning rate over time, as a factor of the given one. Deterministic: resumed training asks again. */
export interface LearningRateSchedule {
  /** Name in error messages and records. */
  readonly name: string;
  /** Finite, 0 or more. */
  factor(position: SchedulePosition): number;
}

/** Creates optimizers and schedules by name, from options as their schemas take them. */
export interface OptimizerParts {
  /** `shared`: options of the run, of which those are taken that the optimizer's schema lists and `options` leaves out. */
  optimizer(
    name: string,
    options?: Readonly<Record<string, unknown>>,
    shared?: Readonly<Record<string, unknown>>,
  ): GradientTransform;
  /** Creates the learning-rate schedule of this name. Throws `ANC_UNKNOWN` for an unknown name. */
  schedule(name: string, options?: Readonly<Record<string, unknown>>): LearningRateSchedule;
}
