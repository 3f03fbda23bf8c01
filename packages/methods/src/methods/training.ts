import {
  asState,
  companionsOf,
  createOptimizer,
  playerNames,
  playerOf,
  rateAt,
  termStep,
  type Clock,
  type Companion,
  type Host,
  type Optimizer,
  type Players,
  type Recipe,
  type Rng,
  type Stage,
  type Term,
  type TermStepOptions,
  type Tree,
  type Variables,
} from '@anc/core';

/** A fresh player of the state: variables by the network's own init, slots by the optimiser. */
export function initPlayer(
  player: string,
  network: { init(rng: Rng, input: readonly number[]): Variables<Host> },
  optimizer: Optimizer,
  rng: Rng,
  input: readonly number[],
): Record<string, Host> {
  const { params, stats } = network.init(rng.split(player), input);
  return asState(player, { params, stats, slots: optimizer.init(params) });
}

/** Fresh companions, each a player of its own. */
export const initCompanions = (
  companions: Tree<Companion>,
  optimizer: Optimizer,
  rng: Rng,
): Record<string, Host> =>
  Object.assign(
    {},
    ...Object.entries(companions).map(([name, { layer, input }]) =>
      initPlayer(name, layer, optimizer, rng, input),
    ),
  ) as Record<string, Host>;

/** The student as a stage finds it: fresh, or as the stage before left it, with fresh slots. */
export function initStudent(
  { student, input }: Pick<Players, 'student' | 'input'>,
  optimizer: Optimizer,
  rng: Rng,
  previous: Tree<Host> | null,
): Record<string, Host> {
  if (previous === null) return initPlayer(playerNames.student, student, optimizer, rng, input);
  const { params, stats } = playerOf(previous, playerNames.student);
  return asState(playerNames.student, { params, stats, slots: optimizer.init(params) });
}

/** A player's learning rate at this step. */
export const learningRate = (recipe: Recipe, clock: Clock): number =>
  recipe.learningRate * rateAt(recipe.schedule, clock);

/** The student's variables, out of the training state. */
export function shipped(state: Tree<Host>): Variables<Host> {
  const { params, stats } = playerOf(state, playerNames.student);
  return { params, stats };
}

/** A term and how much it counts, now or over time. */
export interface WeightedTerm {
  readonly term: Term;
  readonly weight: number | ((clock: Clock) => number);
}

export interface TermStageOptions {
  readonly name: string;
  readonly players: Pick<Players, 'student' | 'input'>;
  readonly recipe: Recipe;
  readonly terms: readonly WeightedTerm[];
  readonly share?: number;
  readonly lens?: TermStepOptions['lens'];
}

/** A stage of one player: the student minimises a weighted sum of terms. */
export function termStage({ name, players, recipe, terms, share, lens }: TermStageOptions): Stage {
  const optimizer = createOptimizer(recipe);
  const summands = terms.map(({ term }) => term);
  return {
    name,
    ...(share !== undefined && { share }),
    teacherOutputs: [...new Set(summands.flatMap(({ teacherOutputs }) => teacherOutputs))],
    usesLabels: summands.some(({ usesLabels }) => usesLabels),
    step: termStep({ student: players.student, optimizer, terms: summands, ...(lens && { lens }) }),
    init: (rng, previous) => ({
      ...initStudent(players, optimizer, rng, previous),
      ...initCompanions(companionsOf(summands), optimizer, rng),
    }),
    next: (clock) => ({
      hyper: { 'student/learningRate': learningRate(recipe, clock), ...termWeights(terms, clock) },
      phases: ['student'],
    }),
    student: shipped,
  };
}

/** This step's weights, by hyper-parameter name. */
export const termWeights = (terms: readonly WeightedTerm[], clock: Clock): Record<string, number> =>
  Object.fromEntries(
    terms.map(({ term, weight }) => [
      `weight/${term.name}`,
      typeof weight === 'number' ? weight : weight(clock),
    ]),
  );

/** How much of a stage is over, 0 to 1. */
export const progress = ({ step, epochs, stepsPerEpoch }: Clock): number =>
  Math.min(1, step / Math.max(1, epochs * stepsPerEpoch - 1));
