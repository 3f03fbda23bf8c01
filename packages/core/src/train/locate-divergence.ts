import type { Backend, Inputs } from '../contracts/backend.js';
import type { Stage } from '../contracts/method.js';
import { probingStep, type NotFinite } from '../step/probing-step.js';
import type { WithoutGradient } from '../step/terms-of-step.js';
import { rowRange, rowsOf } from '../tree/rows.js';
import { mapTree, specOf, type HostTensor, type Tree } from '../tree/tree.js';
import { divergenceIn } from './divergence.js';
import { StageRunner } from './stage-runner.js';

/** One step of a training: its phases and its inputs. */
export interface TrainingStep {
  /** The phases, in order. */
  readonly phases: readonly string[];
  /** The batch, the hyperparameters and the noise. */
  readonly inputs: Inputs;
}

/** Options of `locateDivergence`. */
export interface LocateOptions {
  readonly backend: Backend;
  readonly stage: Stage;
  /** Micro-batches of a batch; default: 1. */
  readonly accumulate?: number;
  /** The state before the first of the steps, which is finite. */
  readonly state: Tree<HostTensor>;
  /** The steps since then, in order. */
  readonly steps: AsyncIterable<TrainingStep>;
}

/**
 * Runs steps again, after which something was not finite, and finds the part that first returned it: in the first step that
 * does not end finite, from the state before it, on the same batch.
 *
 * @returns null where it does not happen again.
 */
export async function locateDivergence(options: LocateOptions): Promise<NotFinite | null> {
  const { backend, stage, accumulate = 1 } = options;
  const runner = new StageRunner(backend, stage, options.state, { accumulate });
  let before = options.state;
  try {
    for await (const step of options.steps) {
      await runner.play(step.phases, step.inputs);
      const metrics = await runner.metrics();
      const after = await runner.read();
      if (divergenceIn(metrics, after, 0, 1) !== null) {
        return await probe(backend, stage, before, step, accumulate);
      }
      before = after;
    }
    return null;
  } finally {
    await runner.close();
  }
}

/** Each part of the batch by itself, as the step runs them: a whole batch may not fit into memory. */
async function probe(
  backend: Backend,
  stage: Stage,
  state: Tree<HostTensor>,
  { phases, inputs }: TrainingStep,
  accumulate: number,
): Promise<NotFinite | null> {
  const rows = Object.values(inputs.batch)[0]?.shape[0] ?? 1;
  for (let i = 0; i < accumulate; i++) {
    const range = rowRange(rows, accumulate, i);
    const { notFinite } = await probeStep(backend, stage, state, phases, {
      ...inputs,
      batch: accumulate === 1 ? inputs.batch : mapTree(inputs.batch, (entry) => rowsOf(entry, range)),
      noise: { ...inputs.noise, offset: (inputs.noise.offset ?? 0) + range.start },
    });
    if (notFinite !== null) return notFinite;
  }
  return null;
}

/** What a step was seen to do. */
export interface Probed {
  /** The part that first returned what is not finite; null where all of it is finite. */
  readonly notFinite: NotFinite | null;
  /** Terms of a loss through which no gradient flows. */
  readonly withoutGradient: readonly WithoutGradient[];
}

/** Runs a step of a stage once, and looks at what its parts return. */
export async function probeStep(
  backend: Backend,
  { step }: Pick<Stage, 'step'>,
  initial: Tree<HostTensor>,
  phases: readonly string[],
  inputs: Inputs,
): Promise<Probed> {
  const probing = probingStep(step, phases);
  const compiled = await backend.compile(probing.step, {
    state: mapTree(initial, specOf),
    batch: mapTree(inputs.batch, specOf),
    hyper: Object.keys(inputs.hyper),
  });
  try {
    const state = await backend.upload(initial);
    try {
      await compiled.run(state, inputs);
      const metrics = await compiled.metrics();
      return { notFinite: probing.found(metrics), withoutGradient: probing.withoutGradient(metrics) };
    } finally {
      await state.dispose();
    }
  } finally {
    await compiled.dispose();
  }
}
