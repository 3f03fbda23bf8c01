import {
  mapTree,
  namesOf,
  specOf,
  type Backend,
  type CompiledStep,
  type HostTensor,
  type StepSpec,
  type Tree,
} from '@anc/core';
import { relativeError } from '../harness/compare.js';
import type { ToyStep } from './steps.js';

/** Shapes and types of a toy step's state and inputs. */
export const toySpec = (toy: ToyStep): StepSpec => ({
  state: mapTree(toy.initial(), specOf),
  batch: mapTree(toy.inputs(0).batch, specOf),
  hyper: Object.keys(toy.inputs(0).hyper),
  phases: toy.phases,
});

/** Compiles the step of a toy for its own shapes. */
export const compileToyStep = (backend: Backend, toy: ToyStep): Promise<CompiledStep> =>
  backend.compile(toy.step, toySpec(toy));

/** The result of some steps. */
export interface ToyResult {
  /** The training state after the last step. */
  readonly state: Tree<HostTensor>;
  /** Means over the steps. */
  readonly metrics: Tree<number>;
}

/** Runs some steps, from the initial state or from another one. */
export async function runToySteps(
  backend: Backend,
  toy: ToyStep,
  steps: number,
  from: { readonly state: Tree<HostTensor>; readonly step: number } = { state: toy.initial(), step: 0 },
): Promise<ToyResult> {
  const compiled = await compileToyStep(backend, toy);
  const state = await backend.upload(from.state);
  for (let i = 0; i < steps; i++) await compiled.run(state, toy.inputs(from.step + i));
  const metrics = await compiled.metrics();
  const trained = await state.read();
  await compiled.dispose();
  await state.dispose();
  return { state: trained, metrics };
}

/**
 * Relative error of every state entry, max|Δ| / max|w|. Entries whose gradient is zero by algebra are compared with
 * zero instead.
 */
export const toyStateErrors = (
  toy: ToyStep,
  received: Tree<HostTensor>,
  expected: Tree<HostTensor>,
): Record<string, number> =>
  Object.fromEntries(
    namesOf(expected).map((name) => {
      const data = expected[name]!.data;
      const exact = toy.zeroGradient.includes(name) ? data.map(() => 0) : data;
      return [name, relativeError(received[name] ?? { data: new Float32Array(0) }, { data: exact })];
    }),
  );
