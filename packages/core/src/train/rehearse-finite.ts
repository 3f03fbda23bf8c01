import type { Backend, Inputs } from '../contracts/backend.js';
import type { Stage } from '../contracts/method.js';
import type { Variables } from '../contracts/network.js';
import { runOnce } from '../contracts/rehearse-twice.js';
import type { StepSpec } from '../contracts/step.js';
import { AncError } from '../errors/error.js';
import { Rng } from '../random/rng.js';
import type { NotFinite } from '../step/probing-step.js';
import {
  firstNotFinite,
  mapTree,
  namesOf,
  sizeOf,
  type HostTensor,
  type LeafSpec,
  type Tree,
} from '../tree/tree.js';
import { probeStep, type Probed } from './locate-divergence.js';

/** What a rehearsal for finite numbers needs. */
export interface FiniteRehearsal {
  /** Of the initial state, as in training. */
  readonly rng: Rng;
  /** Who made the stage, as errors call it: for what no part of a step is known to have returned. */
  readonly origin: string;
  /** Hears of a term without a gradient, which may be so for these inputs or this teacher alone. */
  notice?(message: string): void;
}

/** What a stage's step is run for. */
export interface ProbedSpecs {
  /** Of a batch of `PROBED_ROWS` rows. */
  readonly few: StepSpec;
  /** Of a whole batch, where a step takes one; null where it is divided, or exchanges. */
  readonly whole: StepSpec | null;
}

/** Images of the batch: enough for most of what compares rows. */
export const PROBED_ROWS = 2;

/**
 * Runs a stage's step once, from its initial state on random images and teacher outputs, and looks at what each of its parts
 * returns.
 *
 * @returns the initial state, which the next stage may start from.
 * @throws `ANC_OBJECTIVE` with the part that first returned a number that is not finite, with a data term that has no
 *   gradient, or where the step cannot be run.
 */
export async function rehearseFinite(
  backend: Backend,
  stage: Stage,
  specs: ProbedSpecs,
  { rng, origin, notice }: FiniteRehearsal,
  previous: Tree<HostTensor> | null,
  teacher: Variables<HostTensor> | null | undefined,
): Promise<Tree<HostTensor>> {
  const state = stage.init(rng, previous, teacher);
  const own = `stage "${stage.name}" of ${origin}`;
  const entry = namesOf(state).find((name) => firstNotFinite(state[name]!.data) >= 0);
  if (entry !== undefined) {
    const { data } = state[entry]!;
    const sentence = `${own} starts with numbers of "${entry}" that are not finite`;
    throw notFinite({ sentence, received: String(data[firstNotFinite(data)]) });
  }
  const { hyper } = stage.next({ epoch: 0, epochs: 1, step: 0, stepsPerEpoch: 1 });
  const [planned] = Object.entries(hyper).filter(([, value]) => !Number.isFinite(value));
  if (planned !== undefined) {
    const sentence = `${own} plans a hyperparameter "${planned[0]}" that is not finite`;
    throw notFinite({ sentence, received: String(planned[1]) });
  }
  const inputs = ({ batch }: StepSpec): Inputs => ({
    batch: mapTree(batch, exampleOf),
    hyper,
    noise: { seed: 0, step: 0 },
  });
  const probed = await probe(backend, stage, state, specs, inputs, own);
  if (probed === null) return state;
  const { notFinite: found, withoutGradient } = probed;
  if (found !== null)
    throw notFinite(
      found.sentence.startsWith('phase ') ? { ...found, sentence: `${own}: ${found.sentence}` } : found,
    );
  for (const { part, gradient, isRequired } of withoutGradient) {
    if (gradient === 'none' && isRequired) throw constantTerm(part);
    notice?.(
      gradient === 'none'
        ? `${part} does not depend on what is trained: it has no effect here.`
        : `${part} had a gradient of 0 on random inputs at the start of training: it trains nothing if that is so on images and ` +
            'later, too. Rounding, signs and comparisons have no other gradient.',
    );
  }
  return state;
}

/**
 * Some backends cannot run the counts, and some steps need more rows than are probed: these are no faults, so then the step
 * itself is run, on a whole batch.
 */
async function probe(
  backend: Backend,
  stage: Stage,
  state: Tree<HostTensor>,
  { few, whole }: ProbedSpecs,
  inputs: (spec: StepSpec) => Inputs,
  own: string,
): Promise<Probed | null> {
  try {
    return await probeStep(backend, stage, state, few.phases ?? [], inputs(few));
  } catch {
    if (whole === null) return null;
    await runOnce(backend, stage.step, whole, state, inputs(whole)).catch((cause: unknown) => {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new AncError('ANC_OBJECTIVE', `${own} fails in its first update: ${why}`, {
        hint: 'one of its parts computes what the backend cannot, such as an index of NaN.',
        cause,
      });
    });
    return null;
  }
}

const constantTerm = (part: string): AncError =>
  new AncError('ANC_OBJECTIVE', `${part} does not depend on what is trained.`, {
    expected: 'a number whose gradient reaches the outputs that the term was given',
    received: 'a number without a gradient',
    hint: "compute it from the student's outputs with operations of tfjs-core, and do not read their values.",
  });

const notFinite = ({ sentence, received }: NotFinite): AncError =>
  new AncError('ANC_OBJECTIVE', `${sentence}.`, {
    expected: 'finite numbers: what it was given was finite',
    received,
    hint: 'look for a logarithm, a root or a division whose argument can be 0 or negative, and for a square root of 0, whose gradient is infinite.',
  });

/**
 * An example of a batch's entry: logits of either sign, other outputs of the teacher positive, as features after a ReLU are;
 * two classes in turn.
 */
function exampleOf({ shape, dtype }: LeafSpec, name: string): HostTensor {
  const size = sizeOf(shape);
  const rng = Rng.fromSeed(0).split('rehearsal', name);
  if (dtype === 'int32') return { shape, data: Int32Array.from({ length: size }, (_, i) => i % 2) };
  if (dtype === 'uint8')
    return { shape, data: Uint8Array.from({ length: size }, () => Math.floor(256 * rng.uniform())) };
  const isSigned = name.endsWith('/logits');
  return {
    shape,
    data: Float32Array.from({ length: size }, () => (isSigned ? 2 * rng.normal() : Math.abs(rng.normal()))),
  };
}
