import type { Backend } from '../contracts/backend.js';
import { DEEP_STACK, faultOf } from '../errors/call-site.js';
import type { Stage } from '../contracts/method.js';
import { Rng } from '../random/rng.js';
import type { StepSpec } from '../contracts/step.js';
import { mapTree, specOf, type HostTensor, type LeafSpec, type Tree } from '../tree/tree.js';

export interface RehearseOptions {
  readonly backend: Backend;
  /** A player's, in order. */
  readonly stages: readonly Stage[];
  readonly batchSize: number;
  /** [H, W, C]. */
  readonly shape: readonly number[];
  /** Shapes (no batch axis) of what the teacher gives; null where no stage asks one. */
  readonly teacherOutputs: Tree<readonly number[]> | null;
}

/**
 * Goes through a player's stages without training: what their code cannot do on this backend is found before
 * hours of another player's training, and not after. Throws what the first step would; `ANC_STAGE` with the line to
 * blame where that is no error of ours.
 *
 * Nothing is drawn: parameters have their shapes and no values.
 */
export async function rehearse(options: RehearseOptions): Promise<void> {
  const { backend, stages, batchSize } = options;
  // Op by op, two images show what a whole batch would.
  const batch = backend.capabilities.compiled ? batchSize : Math.min(2, batchSize);
  let state: Tree<HostTensor> | null = null;
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = DEEP_STACK;
  try {
    for (const stage of stages) {
      try {
        state = stage.init(Rng.still(), state);
        await backend.rehearse(stage.step, specFor(stage, state, batch, options));
      } catch (error) {
        throw faultOf('ANC_STAGE', `the code of stage "${stage.name}"`, error);
      }
    }
  } finally {
    Error.stackTraceLimit = limit;
  }
}

/** What a stage's step is given, without values. */
function specFor(
  stage: Stage,
  state: Tree<HostTensor>,
  batch: number,
  { shape, teacherOutputs }: RehearseOptions,
): StepSpec {
  const entries: Record<string, LeafSpec> = { images: { shape: [batch, ...shape], dtype: 'uint8' } };
  for (const name of stage.teacherOutputs) {
    const output = teacherOutputs?.[name];
    if (output !== undefined) entries[`teacher/${name}`] = { shape: [batch, ...output], dtype: 'float32' };
  }
  if (stage.usesLabels) entries.labels = { shape: [batch], dtype: 'int32' };
  const { hyper, phases } = stage.next({ epoch: 0, epochs: 1, step: 0, stepsPerEpoch: 1 });
  const later = stage.step.phases.map(({ name }) => name).filter((name) => !phases.includes(name));
  return {
    state: mapTree(state, specOf),
    batch: entries,
    hyper: Object.keys(hyper),
    phases: [...phases, ...later],
  };
}
