import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import type { Context } from '../contracts/network.js';
import type { Phase, PhaseGradients, Step } from '../contracts/step.js';
import { AncError } from '../errors/error.js';
import { mapTree, type Tree } from '../tree/tree.js';

/** The name under which a phase's noise is drawn; a phase that runs again in the same step draws new noise. */
export const noiseName = (name: string, repeat: number): string =>
  repeat === 0 ? name : `${name}#${repeat}`;

/** The context of a phase that has already run `repeat` times in its step, made of that of its first run. */
export const repeatedContext = (context: Context, repeat: number): Context =>
  repeat === 0
    ? context
    : {
        ...context,
        noise: (name, shape, distribution, rows) =>
          context.noise(noiseName(name, repeat), shape, distribution, rows),
      };

/** The context of what every rank computes alike for the whole batch: it draws the noise of all rows, and exchanges nothing. */
export function wholeContext({ ranks: _ranks, ...context }: Context): Context {
  return {
    ...context,
    noise: (name, shape, distribution) => context.noise(name, shape, distribution, 'whole'),
  };
}

/**
 * The phases of a step that are to run, in order.
 *
 * @param names may repeat; each phase once where left out.
 * @throws `ANC_PHASE` where the step has no phase of a name.
 */
export function phasesOf(step: Step, names?: readonly string[]): readonly Phase[] {
  if (names === undefined) return step.phases;
  return names.map((name) => {
    const phase = step.phases.find((candidate) => candidate.name === name);
    if (phase === undefined) {
      const known = step.phases.map((candidate) => candidate.name).join(', ');
      throw new AncError('ANC_PHASE', `no phase named "${name}". This step has: ${known}.`);
    }
    return phase;
  });
}

/** What a step's phases leave behind. */
export interface PlayedPhases {
  /** The state entries that were replaced, with their last values. */
  readonly changed: Record<string, Tensor>;
  /** A metric that several phases report has the value of the last one. */
  readonly metrics: Record<string, Scalar>;
}

/**
 * Runs phases in order on one batch. Each phase takes gradients at the state that the phases before it left, then
 * updates that state, in which the statistics of its own forward pass are already new. A pure function of its
 * tensors: the same for tensors with values and for symbols that are recorded into a graph. Where a batch has several
 * parts, it runs the two halves that split-phase.ts makes of a phase, one after the other.
 *
 * @param state every entry of the training state, by full name.
 * @param contextOf the context for a phase that has already run `repeat` times in this step; see `noiseName`.
 * @param average the mean over ranks of a float32 tensor; none in a process that is alone.
 */
export function playPhases(
  phases: readonly Phase[],
  state: Tree,
  batch: Tree,
  hyper: Tree<Scalar>,
  contextOf: (repeat: number) => Context,
  average?: (value: Tensor) => Tensor,
): PlayedPhases {
  const runs = new Map<string, number>();
  const changed: Record<string, Tensor> = {};
  const metrics: Record<string, Scalar> = {};
  for (const phase of phases) {
    const repeat = runs.get(phase.name) ?? 0;
    runs.set(phase.name, repeat + 1);
    const before = { ...state, ...changed };
    const own = phase.gradients(before, batch, hyper, contextOf(repeat));
    const isOwn = average === undefined || phase.replicated === true;
    const found = isOwn ? own : averaged(phase.name, own, average);
    Object.assign(metrics, found.metrics);
    Object.assign(changed, found.stats);
    const updated = phase.update({ ...before, ...found.stats }, found.grads, hyper, found.means ?? {});
    Object.assign(changed, updated);
  }
  return { changed, metrics };
}

/** What a phase's gradients return, averaged over all ranks. */
function averaged(
  phase: string,
  own: PhaseGradients,
  average: (value: Tensor) => Tensor,
): Required<PhaseGradients> {
  const all = (kind: string, values: Tree): Record<string, Tensor> =>
    mapTree(values, (value, name) => {
      assertAveraged(phase, `${kind}/${name}`, value);
      return average(value);
    });
  const metrics = mapTree(own.metrics, (value) => average(tf.cast(value, 'float32')) as Scalar);
  return {
    grads: all('grads', own.grads),
    means: all('means', own.means ?? {}),
    stats: all('stats', own.stats),
    metrics,
  };
}

/** @throws `ANC_EXCHANGE` for what has no mean. */
export function assertAveraged(phase: string, name: string, { dtype }: Tensor): void {
  if (dtype === 'float32') return;
  throw new AncError('ANC_EXCHANGE', `phase "${phase}" hands on ${name}, which has no mean.`, {
    expected: 'gradients, means and statistics of type float32',
    received: dtype,
  });
}
