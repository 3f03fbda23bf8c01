import {
  modelNames,
  modelStateOf,
  toStateEntries,
  type AuxiliaryLayer,
  type HostTensor,
  type MethodEnvironment,
  type Optimizer,
  type Rng,
  type Tree,
  type Variables,
} from '@anc/core';
import { blamed, originOf } from '@anc/core/internal';

/** A model's entries in the initial state: variables by the network's own init, slots by the optimizer. */
export function initModel(
  name: string,
  network: { init(rng: Rng, input: readonly number[]): Variables<HostTensor> },
  optimizer: Optimizer,
  rng: Rng,
  input: readonly number[],
): Record<string, HostTensor> {
  const { params, stats } = network.init(rng.split(name), input);
  return toStateEntries(name, { params, stats, slots: optimizer.init(params) });
}

/** Initial entries of auxiliary layers, each under its own name. */
export const initAuxiliaryLayers = (
  layers: Tree<AuxiliaryLayer>,
  optimizer: Optimizer,
  rng: Rng,
): Record<string, HostTensor> =>
  Object.assign(
    {},
    ...Object.entries(layers).map(([name, { layer, input }]) =>
      initModel(name, layer, optimizer, rng, input),
    ),
  ) as Record<string, HostTensor>;

/** The student's initial entries: new, or the previous stage's variables with new slots. */
export function initStudent(
  { student, input }: Pick<MethodEnvironment, 'student' | 'input'>,
  optimizer: Optimizer,
  rng: Rng,
  previous: Tree<HostTensor> | null,
): Record<string, HostTensor> {
  if (previous === null) {
    const init: typeof student.init = (...given) =>
      blamed(originOf('model', student), () => student.init(...given));
    return initModel(modelNames.student, { init }, optimizer, rng, input);
  }
  const { params, stats } = modelStateOf(previous, modelNames.student);
  return toStateEntries(modelNames.student, { params, stats, slots: optimizer.init(params) });
}

/** The student's variables in the training state. */
export function studentVariables(state: Tree<HostTensor>): Variables<HostTensor> {
  const { params, stats } = modelStateOf(state, modelNames.student);
  return { params, stats };
}
