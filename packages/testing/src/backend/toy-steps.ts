import { adam, sgd } from '@anc/core';
import {
  averagingBalancer,
  convNetwork,
  denseNetwork,
  klTerm,
  RESIDUAL_ZERO_GRADIENT,
  residualNetwork,
  separableNetwork,
  shrinkingNetwork,
  toyAdversarialStep,
  toyLabelStep,
  WeightNorms,
  toyFeatureTerm,
  ToyGradientPenalty,
  ToyHiddenDistance,
  ToyMemory,
  toyRelativistic,
  type ToyStep,
  type ToyTask,
} from '../toy/index.js';

export const task: ToyTask = {
  image: [6, 6, 2],
  classes: 3,
  features: 5,
  batchSize: 4,
  normalization: { mean: [120, 130], std: [60, 70] },
};

const decay = { rate: 1e-3, scope: 'weights' } as const;
export const momentum = sgd({ momentum: 0.9, decay: { ...decay, mode: 'l2' } });
export const nesterov = sgd({ momentum: 0.9, nesterov: true, decay: { ...decay, mode: 'l2' } });
const nesterovWithoutDecay = sgd({ momentum: 0.9, nesterov: true });
const adamW = adam({ decay: { ...decay, mode: 'decoupled' } });

/** Few operations, so that many steps are cheap even where each operation is not. */
export const denseStep = toyLabelStep({
  name: 'dense',
  task,
  student: denseNetwork(task),
  optimizer: nesterovWithoutDecay,
});

/** The smallest adversarial step, for requirements on any step. */
export const convStep = toyAdversarialStep({
  name: 'convolution, pooling, momentum, Eq. 7',
  task,
  student: convNetwork(task),
  optimizer: momentum,
});

export const residualStep = toyAdversarialStep({
  name: 'residual batch norm, Nesterov, temperature KL, two discriminator updates',
  task,
  student: residualNetwork(task),
  optimizer: nesterov,
  learningRate: 0.005,
  phases: ['discriminator', 'student', 'discriminator'],
  zeroGradient: RESIDUAL_ZERO_GRADIENT,
  setup: { dataTerm: klTerm },
});

/** Together these cover every part of the objective, every layer and every optimizer. */
export const trainingSteps: readonly ToyStep[] = [
  convStep,
  residualStep,
  toyAdversarialStep({
    name: 'depthwise, ReLU6, Adam, weight norms in a separate update, averaging balancer, dropout inside the student',
    task,
    student: separableNetwork(task),
    optimizer: adamW,
    learningRate: 0.002,
    setup: {
      regularizers: [new WeightNorms()],
      regularizerUpdate: 'separate',
      balancer: averagingBalancer,
      dropout: { rate: 0.5, position: 'inside-student' },
    },
  }),
  toyAdversarialStep({
    name: 'gradient penalty, memory, relativistic loss, data term on features',
    task,
    student: convNetwork(task),
    optimizer: momentum,
    learningRate: 0.005,
    phases: ['discriminator', 'discriminator', 'student'],
    setup: {
      regularizers: [new ToyGradientPenalty(), new ToyMemory(), new ToyHiddenDistance()],
      adversarialLoss: toyRelativistic,
      dataTerm: toyFeatureTerm,
    },
  }),
  toyLabelStep({
    name: 'labels',
    task,
    student: residualNetwork(task),
    optimizer: nesterovWithoutDecay,
    zeroGradient: RESIDUAL_ZERO_GRADIENT,
  }),
  toyLabelStep({
    name: 'strided convolutions of one pixel',
    task,
    student: shrinkingNetwork(task),
    optimizer: momentum,
  }),
];
