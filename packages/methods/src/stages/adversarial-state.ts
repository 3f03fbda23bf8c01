import {
  adversarialAuxiliaryLayers,
  filled,
  initRegularizerMemories,
  mapTree,
  prefixTree,
  toStateEntries,
  type AdversarialSetup,
  type AttachedDiscriminator,
  type HostTensor,
  type MethodEnvironment,
  type Optimizer,
  type Rng,
  type Tree,
} from '@anc/core';
import { assertVariables, blamed, originOf } from '@anc/core/internal';
import { initAuxiliaryLayers, initStudent } from './initial-state.js';

/** Shape of a discriminator's input without the batch axis: the teacher's. */
const inputShapeOf = (input: string, environment: MethodEnvironment): readonly number[] =>
  environment.teacher!.outputs[input]!;

/** A discriminator's entries in the initial state: its variables, and the slots of its optimizer. */
export function initDiscriminator(
  { name, discriminator, input }: AttachedDiscriminator,
  environment: MethodEnvironment,
  optimizer: Optimizer,
  rng: Rng,
): Record<string, HostTensor> {
  const shape = inputShapeOf(input, environment);
  const what = originOf('discriminator', discriminator);
  const variables = blamed(what, () => discriminator.init(rng.split(name), shape, environment.classes));
  assertVariables(what, variables);
  const { params, stats } = variables;
  return toStateEntries(name, { params, stats, slots: optimizer.init(params) });
}

/**
 * The initial state of an adversarial step: student (new, or the previous stage's), auxiliary layers, discriminators,
 * and the memories of regularizers and balancer.
 */
export function initAdversarialState(
  setup: AdversarialSetup,
  environment: MethodEnvironment,
  rng: Rng,
  previous: Tree<HostTensor> | null,
): Record<string, HostTensor> {
  const { discriminators, optimizers, balancer } = setup;
  const inputs = new Map(discriminators.map(({ name, input }) => [name, inputShapeOf(input, environment)]));
  return Object.assign(
    {},
    initStudent(environment, optimizers.student, rng, previous),
    initAuxiliaryLayers(adversarialAuxiliaryLayers(setup), optimizers.student, rng),
    ...discriminators.map((attached) =>
      initDiscriminator(attached, environment, optimizers.discriminator, rng),
    ),
    initRegularizerMemories(setup, (name) => inputs.get(name)!),
    prefixTree(
      'balancer',
      mapTree(balancer.memory, (value) => filled([], value)),
    ),
  ) as Record<string, HostTensor>;
}
