import { adam, sgd, type Optimizer } from '@anc/core';
import {
  residualNetwork,
  tappedNetwork,
  toyAdversarialStep,
  type ToyAdversarialOptions,
  type ToyStep,
  type ToyTask,
} from '@anc/testing/toy';

/** Images large enough for two strides, and channels that are no whole block. */
export const task: ToyTask = {
  image: [12, 12, 2],
  classes: 4,
  features: 8,
  batchSize: 6,
  normalization: { mean: [128, 128], std: [128, 128] },
};

/** The same with features and a batch for convolutions over blocks of 16 channels. */
export const wideTask: ToyTask = { ...task, features: 32, batchSize: 16 };

export const plainStudent = (of = task) => tappedNetwork(of, { filters: [5, 6] });
export const residualStudent = (of = task, filters = 4) =>
  residualNetwork(of, { filters, strides: [1, 2], bias: false });

export const momentum = (): Optimizer =>
  sgd({ momentum: 0.9, decay: { rate: 2e-4, mode: 'l2', scope: 'weights' } });
export const adamW = (): Optimizer => adam({ decay: { rate: 2e-4, mode: 'decoupled', scope: 'weights' } });

/** An adversarial step of `task` with momentum. */
export const toyStep = (options: Partial<ToyAdversarialOptions> = {}): ToyStep =>
  toyAdversarialStep({ task, student: plainStudent(options.task), optimizer: momentum(), ...options });
