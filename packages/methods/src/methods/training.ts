import {
  asState,
  createOptimizer,
  playerNames,
  playerOf,
  rateAt,
  type ClassifierOutputs,
  type Clock,
  type Host,
  type Network,
  type Optimizer,
  type Recipe,
  type Rng,
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

/** A player's learning rate at this step. */
export const learningRate = (recipe: Recipe, clock: Clock): number =>
  recipe.learningRate * rateAt(recipe.schedule, clock);

/** What all one-player methods share: a student, its recipe, and the student phase alone. */
export function soloStage(student: Network<ClassifierOutputs>, input: readonly number[], recipe: Recipe) {
  const optimizer = createOptimizer(recipe);
  return {
    optimizer,
    init: (rng: Rng): Tree<Host> => initPlayer(playerNames.student, student, optimizer, rng, input),
    hyper: (clock: Clock): Record<string, number> => ({
      'student/learningRate': learningRate(recipe, clock),
    }),
    student: shipped,
  };
}

/** The student's variables, out of the training state. */
export function shipped(state: Tree<Host>): Variables<Host> {
  const { params, stats } = playerOf(state, playerNames.student);
  return { params, stats };
}
