import {
  adversarialStep,
  filled,
  initRegularizerMemories,
  mapTree,
  modelNames,
  prefixTree,
  Rng,
  termStep,
  toStateEntries,
  type AdversarialSetup,
  type ClassifierOutputs,
  type HostTensor,
  type Inputs,
  type Network,
  type Optimizer,
  type Step,
  type Tree,
  type Variables,
} from '@anc/core';
import { toyStepBatch } from './batches.js';
import { labelTerm, toyObjective } from './objective.js';
import { toyTask, type ToyTask } from './task.js';

/** A training step with everything that it takes to run it. */
export interface ToyStep {
  /** Name of the test. */
  readonly name: string;
  /** The step. */
  readonly step: Step;
  /** Phases of one step, in order. */
  readonly phases: readonly string[];
  /** State entries whose gradient is zero by algebra: only rounding changes them. */
  readonly zeroGradient: readonly string[];
  /** The initial training state, always the same. */
  initial(): Tree<HostTensor>;
  /** Batch, hyper-parameters and noise seed of a step, always the same for the same number. */
  inputs(step: number): Inputs;
}

/** Options of a toy step. */
export interface ToyStepOptions {
  /** Of the test; the student's name by default. */
  readonly name?: string;
  /** Sizes of the task; default: `toyTask`. */
  readonly task?: ToyTask;
  /** The network to train. */
  readonly student: Network<ClassifierOutputs>;
  /** Its optimizer. */
  readonly optimizer: Optimizer;
  /** Learning rate of every step. */
  readonly learningRate?: number;
  /** Phases of one step, in order; default: all. */
  readonly phases?: readonly string[];
  /** State entries whose gradient is zero by algebra. */
  readonly zeroGradient?: readonly string[];
}

/** Options of a toy step of adversarial training. */
export interface ToyAdversarialOptions extends ToyStepOptions {
  /** Replaces parts of the objective, which is the paper's by default. */
  readonly setup?: Partial<AdversarialSetup>;
}

/** Initial state, the same for a model of the same name and layers. */
const modelState = (
  name: string,
  optimizer: Optimizer,
  init: (rng: Rng) => Variables<HostTensor>,
): Tree<HostTensor> => {
  const variables = init(Rng.fromSeed(29).split(name));
  return toStateEntries(name, { ...variables, slots: optimizer.init(variables.params) });
};

/** A step of adversarial training: one discriminator and a student with the same optimizer. */
export function toyAdversarialStep(options: ToyAdversarialOptions): ToyStep {
  const { task = toyTask, student, optimizer, learningRate = 0.01, phases, zeroGradient = [] } = options;
  const setup: AdversarialSetup = {
    ...toyObjective,
    student,
    optimizers: { student: optimizer, discriminator: optimizer },
    ...options.setup,
  };
  const step = adversarialStep(setup);
  const [{ discriminator }] = setup.discriminators as [AdversarialSetup['discriminators'][0]];
  return {
    name: options.name ?? student.name,
    step,
    phases: phases ?? step.phases.map((phase) => phase.name),
    zeroGradient,
    initial: () => ({
      ...modelState(modelNames.student, optimizer, (rng) => student.init(rng, task.image)),
      ...modelState(modelNames.discriminator, optimizer, (rng) => discriminator.init(rng, [task.features])),
      ...initRegularizerMemories(setup, () => [task.features]),
      ...prefixTree(
        'balancer',
        mapTree(setup.balancer.memory, (value) => filled([], value)),
      ),
    }),
    inputs(at) {
      const { labels: _labels, ...batch } = toyStepBatch(task, at);
      return {
        batch,
        hyper: {
          'student/learningRate': learningRate / (1 + at / 8),
          progress: at / 10,
          lambda: 1,
          adversarial: 1,
          'discriminator/learningRate': learningRate,
        },
        noise: { seed: 31, step: at },
      };
    },
  };
}

/** A step that trains a student alone, with labels. */
export function toyLabelStep(options: ToyStepOptions): ToyStep {
  const { task = toyTask, student, optimizer, learningRate = 0.01, phases, zeroGradient = [] } = options;
  const step = termStep({ student, optimizer, terms: [labelTerm] });
  return {
    name: options.name ?? student.name,
    step,
    phases: phases ?? step.phases.map((phase) => phase.name),
    zeroGradient,
    initial: () => modelState(modelNames.student, optimizer, (rng) => student.init(rng, task.image)),
    inputs(at) {
      const { images, labels } = toyStepBatch(task, at);
      return {
        batch: { images: images!, labels: labels! },
        hyper: { 'student/learningRate': learningRate / (1 + at / 8), 'weight/labels': 1 },
        noise: { seed: 31, step: at },
      };
    },
  };
}
