import {
  toStateEntries,
  auxiliaryLayersOf,
  createOptimizer,
  modelNames,
  modelStateOf,
  rateAt,
  termStep,
  type Progress,
  type AuxiliaryLayer,
  type HostTensor,
  type Optimizer,
  type MethodEnvironment,
  type OptimizerConfig,
  type Rng,
  type Stage,
  type Term,
  type TermStepOptions,
  type Tree,
  type Variables,
} from '@anc/core';

/** A fresh player of the state: variables by the network's own init, slots by the optimiser. */
export function initModel(
  player: string,
  network: { init(rng: Rng, input: readonly number[]): Variables<HostTensor> },
  optimizer: Optimizer,
  rng: Rng,
  input: readonly number[],
): Record<string, HostTensor> {
  const { params, stats } = network.init(rng.split(player), input);
  return toStateEntries(player, { params, stats, slots: optimizer.init(params) });
}

/** Fresh companions, each a player of its own. */
export const initAuxiliaryLayers = (
  companions: Tree<AuxiliaryLayer>,
  optimizer: Optimizer,
  rng: Rng,
): Record<string, HostTensor> =>
  Object.assign(
    {},
    ...Object.entries(companions).map(([name, { layer, input }]) =>
      initModel(name, layer, optimizer, rng, input),
    ),
  ) as Record<string, HostTensor>;

/** The student as a stage finds it: fresh, or as the stage before left it, with fresh slots. */
export function initStudent(
  { student, input }: Pick<MethodEnvironment, 'student' | 'input'>,
  optimizer: Optimizer,
  rng: Rng,
  previous: Tree<HostTensor> | null,
): Record<string, HostTensor> {
  if (previous === null) return initModel(modelNames.student, student, optimizer, rng, input);
  const { params, stats } = modelStateOf(previous, modelNames.student);
  return toStateEntries(modelNames.student, { params, stats, slots: optimizer.init(params) });
}

/** A player's learning rate at this step. */
export const learningRate = (recipe: OptimizerConfig, clock: Progress): number =>
  recipe.learningRate * rateAt(recipe.schedule, clock);

/** The student's variables, out of the training state. */
export function studentVariables(state: Tree<HostTensor>): Variables<HostTensor> {
  const { params, stats } = modelStateOf(state, modelNames.student);
  return { params, stats };
}

/** A term and how much it counts, now or over time. */
export interface WeightedTerm {
  readonly term: Term;
  readonly weight: number | ((clock: Progress) => number);
}

export interface TermStageOptions {
  readonly name: string;
  readonly environment: Pick<MethodEnvironment, 'student' | 'input'>;
  readonly optimizer: OptimizerConfig;
  readonly terms: readonly WeightedTerm[];
  readonly share?: number;
  readonly wrapContext?: TermStepOptions['wrapContext'];
}

/** A stage of one player: the student minimises a weighted sum of terms. */
export function termStage({
  name,
  environment: players,
  optimizer: recipe,
  terms,
  share,
  wrapContext: lens,
}: TermStageOptions): Stage {
  const optimizer = createOptimizer(recipe);
  const summands = terms.map(({ term }) => term);
  return {
    name,
    ...(share !== undefined && { share }),
    teacherOutputs: [...new Set(summands.flatMap(({ teacherOutputs }) => teacherOutputs))],
    usesLabels: summands.some(({ usesLabels }) => usesLabels),
    step: termStep({
      student: players.student,
      optimizer,
      terms: summands,
      ...(lens && { wrapContext: lens }),
    }),
    init: (rng, previous) => ({
      ...initStudent(players, optimizer, rng, previous),
      ...initAuxiliaryLayers(auxiliaryLayersOf(summands), optimizer, rng),
    }),
    next: (clock) => ({
      hyper: { 'student/learningRate': learningRate(recipe, clock), ...termWeights(terms, clock) },
      phases: ['student'],
    }),
    student: studentVariables,
  };
}

/** This step's weights, by hyper-parameter name. */
export const termWeights = (terms: readonly WeightedTerm[], clock: Progress): Record<string, number> =>
  Object.fromEntries(
    terms.map(({ term, weight }) => [
      `weight/${term.name}`,
      typeof weight === 'number' ? weight : weight(clock),
    ]),
  );

/** How much of a stage is over, 0 to 1. */
export const progressShare = ({ step, epochs, stepsPerEpoch }: Progress): number =>
  Math.min(1, step / Math.max(1, epochs * stepsPerEpoch - 1));
