import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { differentiableRankMean } from '../autodiff/rank-mean.js';
import type { Phase, PhaseGradients, Step } from '../contracts/step.js';
import { mapTree, prefixTree, subtree, type LeafSpec, type Tree } from '../tree/tree.js';
import { assertAveraged, repeatedContext } from './play-phases.js';

/**
 * A phase in two halves, each a phase of its own that a backend compiles as any other: the first leaves the means over
 * a batch's parts in the state, the second updates with them. Between the two they can be read, exchanged and written.
 *
 * The state holds them beside its own entries, as `exchange/<phase>/<kind>/<name>`. The kinds are `grads`, `means` and
 * `stats`, so that code-unit order of the names is gradients, other means, statistics.
 */
const HELD = 'exchange';

/** Scalars of the first half: 0 for the first part of a batch and 1 for the others; the part's share of the rows. */
export const KEEP = `${HELD}/keep`;
export const WEIGHT = `${HELD}/weight`;

/** Shapes of what a phase hands to its update, by `<kind>/<name>`. */
export type HandedShapes = Tree<readonly number[]>;

/** State entries that hold what a phase hands to its update. */
export const heldEntries = (phase: string, handed: HandedShapes): Record<string, LeafSpec> =>
  prefixTree(
    `${HELD}/${phase}`,
    mapTree(handed, (shape): LeafSpec => ({ shape, dtype: 'float32' })),
  );

/** Everything of a phase's gradients that is averaged and handed to its update, by `<kind>/<name>`. */
const handedBy = ({ grads, means = {}, stats }: PhaseGradients): Record<string, Tensor> => ({
  ...prefixTree('grads', grads),
  ...prefixTree('means', means),
  ...prefixTree('stats', stats),
});

/** The first half of a phase of a step, by itself; see `gradientsPhase`. */
export const gradientsStep = (step: Step, phase: Phase, repeat: number, several: boolean): Step => ({
  id: JSON.stringify(['gradients', step.id, phase.name, repeat, several]),
  phases: [gradientsPhase(phase, repeat, several)],
});

/** A phase that every rank computes alike, by itself: nothing is exchanged between its halves. */
export const replicatedStep = (step: Step, phase: Phase, repeat: number): Step => ({
  id: JSON.stringify(['replicated', step.id, phase.name, repeat]),
  phases: [
    {
      ...phase,
      gradients: (state, batch, hyper, context) =>
        phase.gradients(state, batch, hyper, repeatedContext(context, repeat)),
    },
  ],
});

/** The second half of a phase of a step, by itself. */
export const updateStep = (step: Step, phase: Phase): Step => ({
  id: JSON.stringify(['update', step.id, phase.name]),
  phases: [updatePhase(phase)],
});

/** What a phase's gradients do, as far as dividing a batch is concerned. */
export interface MeasuredPhase {
  /** What they hand to the update. */
  readonly handed: HandedShapes;
  /** Whether they would take means over ranks, as batch norm does. */
  readonly takesRankMeans: boolean;
}

/**
 * A step that runs a phase's gradients and reports what they do.
 *
 * @param onRankMean called where they ask for a mean over ranks; may throw
 */
export const measuringStep = (
  step: Step,
  phase: Phase,
  report: (measured: MeasuredPhase) => void,
  onRankMean: () => void,
): Step => ({
  id: JSON.stringify(['measure', step.id, phase.name]),
  phases: [measuredPhase(phase, report, onRankMean)],
});

/** A phase that reports what the gradients of `phase` do, whenever it runs, and changes nothing. */
const measuredPhase = (
  phase: Phase,
  report: (measured: MeasuredPhase) => void,
  onRankMean: () => void,
): Phase => ({
  name: phase.name,
  gradients(state, batch, hyper, context) {
    let takesRankMeans = false;
    const mean = differentiableRankMean((x) => {
      onRankMean();
      takesRankMeans = true;
      return tf.clone(x);
    });
    const found = phase.gradients(state, batch, hyper, { ...context, ranks: { count: 2, mean } });
    const handed = handedBy(found);
    for (const [name, value] of Object.entries(handed)) assertAveraged(phase.name, name, value);
    report({ handed: mapTree(handed, ({ shape }) => [...shape]), takesRankMeans });
    return { grads: {}, stats: {}, metrics: found.metrics };
  },
  update: () => ({}),
});

/**
 * The first half: the gradients of one part of a batch. Where a batch has several parts it adds the part's share to
 * those before, by the scalars `KEEP` and `WEIGHT`.
 *
 * @param repeat how often the phase has already run in this step: its noise is that of the whole step.
 */
const gradientsPhase = (phase: Phase, repeat: number, several: boolean): Phase => ({
  name: phase.name,
  gradients(state, batch, hyper, context) {
    const found = phase.gradients(state, batch, hyper, repeatedContext(context, repeat));
    const before = subtree(state, `${HELD}/${phase.name}`);
    const sum = (value: Tensor, name: string): Tensor =>
      several ? tf.add(tf.mul(before[name]!, hyper[KEEP]!), tf.mul(value, hyper[WEIGHT]!)) : value;
    const held = prefixTree(`${HELD}/${phase.name}`, mapTree(handedBy(found), sum));
    return { grads: {}, stats: held, metrics: found.metrics };
  },
  update: () => ({}),
});

/** The second half: the update with the means that the state holds. */
const updatePhase = (phase: Phase): Phase => ({
  name: phase.name,
  gradients(state) {
    const held = subtree(state, `${HELD}/${phase.name}`);
    const kind = (name: string): Record<string, Tensor> => subtree(held, name);
    return { grads: kind('grads'), means: kind('means'), stats: kind('stats'), metrics: {} };
  },
  update: (state, grads, hyper, means) => phase.update(state, grads, hyper, means),
});
