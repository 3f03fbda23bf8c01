import {
  createOptimizer,
  learningRateOf,
  termStep,
  type MethodEnvironment,
  type OptimizerConfig,
  type OptimizerParts,
  type Progress,
  type Stage,
  type Term,
  type TermStepOptions,
} from '@anc/core';
import { auxiliaryLayersOf } from '@anc/core/internal';
import { initAuxiliaryLayers, initStudent, studentVariables } from './initial-state.js';

/** A term and its weight, constant or scheduled. */
export interface WeightedTerm {
  /** The term. */
  readonly term: Term;
  /** Its weight in the loss, or a function of the progress of the stage. */
  readonly weight: number | ((progress: Progress) => number);
}

/** Options of `termStage`. */
export interface TermStageOptions {
  /** Name of the stage, unique in its method. */
  readonly name: string;
  /** Student and data of the method. */
  readonly environment: Pick<MethodEnvironment, 'student' | 'input' | 'classes' | 'task' | 'optimizers'>;
  /** How the student is optimized. */
  readonly optimizer: OptimizerConfig;
  /** The terms of the loss, with their weights. */
  readonly terms: readonly WeightedTerm[];
  /** Share of the epochs that the stage takes; default: all. */
  readonly share?: number;
  /** Replaces the context under which the student is applied. */
  readonly wrapContext?: TermStepOptions['wrapContext'];
}

/** A stage that trains the student alone: it minimizes a weighted sum of terms. */
export function termStage({
  name,
  environment,
  optimizer: config,
  terms: weighted,
  share,
  wrapContext,
}: TermStageOptions): Stage {
  const { optimizers } = environment;
  const optimizer = createOptimizer(config, optimizers);
  const rate = learningRateOf(config, optimizers);
  const terms = weighted.map(({ term }) => term);
  return {
    name,
    ...(share !== undefined && { share }),
    teacherOutputs: [...new Set(terms.flatMap(({ teacherOutputs }) => teacherOutputs))],
    usesLabels: terms.some(({ usesLabels }) => usesLabels),
    targetShape: targetShapeOf(environment),
    step: termStep({
      student: environment.student,
      optimizer,
      terms,
      ...(environment.task && { task: environment.task }),
      ...(wrapContext && { wrapContext }),
    }),
    init: (rng, previous) => ({
      ...initStudent(environment, optimizer, rng, previous),
      ...initAuxiliaryLayers(auxiliaryLayersOf(terms), optimizer, rng),
    }),
    next: (progress) => ({
      hyper: {
        'student/learningRate': rate(progress),
        progress: progressShare(progress),
        ...termWeights(weighted, progress),
      },
      phases: ['student'],
    }),
    student: studentVariables,
  };
}

/** Shape of an image's target. */
export const targetShapeOf = ({
  task,
  input,
  classes,
}: Pick<MethodEnvironment, 'task' | 'input' | 'classes'>): readonly number[] =>
  task?.targets({ input, classes }) ?? [];

/** The scheduled learning rate of this step; `optimizers`: of the method's environment. */
export const learningRate = (
  config: OptimizerConfig,
  progress: Progress,
  optimizers?: OptimizerParts,
): number => learningRateOf(config, optimizers)(progress);

/** The terms' weights in this step, as hyper-parameters. */
export const termWeights = (terms: readonly WeightedTerm[], progress: Progress): Record<string, number> =>
  Object.fromEntries(
    terms.map(({ term, weight }) => [
      `weight/${term.name}`,
      typeof weight === 'number' ? weight : weight(progress),
    ]),
  );

/** The completed share of a stage, 0 to 1. */
export const progressShare = ({ step, epochs, stepsPerEpoch }: Progress): number =>
  Math.min(1, step / Math.max(1, epochs * stepsPerEpoch - 1));
