import type { Backend } from '../contracts/backend.js';
import type { SynchronizedBatchNorm } from '../contracts/exchange.js';
import type { Variables } from '../contracts/network.js';
import type { Stage } from '../contracts/method.js';
import type { Step, StepSpec } from '../contracts/step.js';
import { DEEP_STACK, faultOf } from '../errors/call-site.js';
import { AncError } from '../errors/error.js';
import { gradientFault } from '../purity/gradient-fault.js';
import { hintFor, Uses, usesInWords, watchingSources } from '../purity/impure-sources.js';
import { Rng } from '../random/rng.js';
import { imageRows } from './batches.js';
import { assertDivisible } from './divisible.js';
import { exchangesWithin, exchangingSpec } from './exchanging-step.js';
import { PROBED_ROWS, rehearseFinite, type FiniteRehearsal } from './rehearse-finite.js';
import { SplitSpecs, type SplitOptions } from './split-stage.js';
import {
  firstNotFinite,
  mapTree,
  namesOf,
  specOf,
  type HostTensor,
  type LeafSpec,
  type Tree,
} from '../tree/tree.js';

export interface RehearseOptions {
  readonly backend: Backend;
  /** Of one model, in order. */
  readonly stages: readonly Stage[];
  readonly batchSize: number;
  /** Micro-batches of a batch; 1 where left out. */
  readonly accumulate?: number;
  /** Whether the steps exchange with other ranks; not where left out. */
  readonly exchanges?: boolean;
  /** With `exchanges`: batch norm over the rows of all ranks; null or left out where each has its own. */
  readonly synchronized?: SynchronizedBatchNorm | null;
  /** [H, W, C]. */
  readonly shape: readonly number[];
  /** Shapes (no batch axis) of the teacher's outputs; null where no stage uses them. */
  readonly teacherOutputs: Tree<readonly number[]> | null;
  /** Variables of the teacher's shapes, for stages that apply it. */
  readonly teacher?: Variables<HostTensor> | null;
  /** Who made the stages, as errors call it. */
  readonly origin?: string;
  /**
   * Whether each step is also run on random inputs to see that its parts return finite numbers, and from which initial
   * state; not where left out.
   */
  readonly finite?: FiniteRehearsal | undefined;
  /** Whether code runs twice, to see that it depends on its arguments alone; default: true. See `RehearsalOptions`. */
  readonly repeats?: boolean;
  /** Identifies the code of all parts of the steps; see `RehearsalOptions`. */
  readonly code?: string;
}

/**
 * Checks the stages of a model without training, so that an error in their code is found before hours of another
 * model's training, not after. Each stage's step is rehearsed on the backend with all its phases, also those that
 * `next` requests later. Parameters have their shapes; no random numbers are drawn.
 *
 * @returns what begins to build the step of the first stage, shortly before it is trained; it does nothing where that does not begin
 *   with all phases.
 * @throws the error of the first step; `ANC_OBJECTIVE` with the part of a step that returned a number that is not finite, where
 *   that is looked for; `ANC_STAGE` with the line at which it arose where it is not an AncError.
 */
export async function rehearse(options: RehearseOptions): Promise<() => void> {
  const { backend, stages, batchSize, accumulate = 1, exchanges = false, finite, repeats = true } = options;
  const code = repeats || options.code === undefined ? {} : { code: options.code };
  const synchronized = exchanges ? (options.synchronized ?? null) : null;
  // Op by op, two images show the same errors as a whole batch.
  const batch = backend.capabilities.compiled ? batchSize : Math.min(2 * accumulate, batchSize);
  let state: Tree<HostTensor> | null = null;
  let started: Tree<HostTensor> | null = null;
  let prepare = (): void => undefined;
  const by = options.origin === undefined ? '' : ` of ${options.origin}`;
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = DEEP_STACK;
  try {
    for (const [i, stage] of stages.entries()) {
      try {
        state = initialState(stage, state, options.teacher, repeats);
        assertDivisible(stage, accumulate, exchanges);
        const spec = specFor(stage, state, batch, options);
        const splits = (accumulate > 1 || exchanges) && !exchangesWithin(backend, accumulate);
        const rehearsed = splits || !exchanges ? spec : exchangingSpec(spec, synchronized);
        const run = (twice: boolean): Promise<void> =>
          splits
            ? rehearseSplit(backend, stage.step, spec, { accumulate, synchronized }, twice)
            : backend.rehearse(stage.step, rehearsed, {
                repeats: twice,
                ...code,
              });
        await run(repeats).catch(async (error: unknown) => {
          throw (await gradientFault(error, () => run(false))) ?? error;
        });
        if (i === 0 && !splits && stage.step.phases.every(({ name }) => firstOf(stage).phases.includes(name)))
          prepare = prepares(backend, stage.step, rehearsed);
        if (finite === undefined) continue;
        const few = specFor(stage, state, Math.min(PROBED_ROWS, batchSize), options);
        const own = { ...finite, rng: finite.rng.split('stage', i) };
        const whole = accumulate === 1 && !exchanges ? specFor(stage, state, batchSize, options) : null;
        started = await rehearseFinite(backend, stage, { few, whole }, own, started, options.teacher);
      } catch (error) {
        throw faultOf('ANC_STAGE', `the code of stage "${stage.name}"${by}`, error);
      }
    }
  } finally {
    Error.stackTraceLimit = limit;
  }
  return prepare;
}

/**
 * The initial state without random numbers, made twice where `repeats` says so.
 *
 * @throws `ANC_STAGE_INIT` where the two differ: the code draws its own random numbers, or remembers something; or where a
 *   number is not finite.
 */
function initialState(
  stage: Stage,
  previous: Tree<HostTensor> | null,
  teacher: Variables<HostTensor> | null | undefined,
  repeats: boolean,
): Tree<HostTensor> {
  const uses = new Uses();
  const init = (): Tree<HostTensor> => stage.init(Rng.still(), previous, teacher);
  const state = repeats ? watchingSources(uses, 0, init) : init();
  const infinite = namesOf(state).find((name) => firstNotFinite(state[name]!.data) >= 0);
  if (infinite !== undefined) {
    const { data } = state[infinite]!;
    throw new AncError(
      'ANC_STAGE_INIT',
      `the initial "${infinite}" of stage "${stage.name}" is not finite.`,
      {
        expected: 'finite numbers',
        received: `${data[firstNotFinite(data)]} at ${firstNotFinite(data)}`,
        hint: 'check `init` of the network that it belongs to.',
      },
    );
  }
  if (!repeats) return state;
  const again = watchingSources(uses, 1, init);
  const other = [...new Set([...namesOf(state), ...namesOf(again)])].find(
    (name) => !isSame(state[name], again[name]),
  );
  if (other === undefined) return state;
  throw new AncError(
    'ANC_STAGE_INIT',
    `the initial "${other}" of ${uses.part ?? `stage "${stage.name}"`} is another one when it is made again.`,
    {
      expected: 'the same values for the same random seed',
      received: usesInWords('other values', uses),
      hint: hintFor(
        uses,
        'draw from the rng that `init` receives, not from Math.random, and remember nothing.',
      ),
    },
  );
}

const isSame = (a: HostTensor | undefined, b: HostTensor | undefined): boolean =>
  a !== undefined &&
  b?.shape.join() === a.shape.join() &&
  a.data.every((value, i) => Object.is(value, b.data[i]));

/** Rehearses the two halves of every phase. */
async function rehearseSplit(
  backend: Backend,
  step: Step,
  spec: StepSpec,
  options: SplitOptions,
  repeats: boolean,
): Promise<void> {
  const specs = await SplitSpecs.of(backend, step, spec, options);
  for (const phase of step.phases) {
    if (phase.replicated === true) {
      const { step: whole, spec: needed } = specs.replicated(phase, 0);
      await backend.rehearse(whole, needed, { repeats });
      continue;
    }
    const sizes = new Set(specs.parts.map(({ count }) => count));
    for (const size of sizes) {
      const { step: half, spec: needed } = specs.gradients(phase, 0, size);
      await backend.rehearse(half, needed, { repeats });
    }
    const { step: half, spec: needed } = specs.update(phase);
    await backend.rehearse(half, needed, { repeats });
  }
}

/** What begins to build a step, and leaves what it throws to compiling. */
const prepares = (backend: Backend, step: Step, spec: StepSpec) => (): void => {
  try {
    backend.prepare?.(step, spec);
  } catch {
    // Thrown where the step is compiled.
  }
};

/** What a stage's first step is. */
const firstOf = (stage: Stage): ReturnType<Stage['next']> =>
  stage.next({ epoch: 0, epochs: 1, step: 0, stepsPerEpoch: 1 });

/** Shapes and types of everything that a stage's step gets. */
function specFor(
  stage: Stage,
  state: Tree<HostTensor>,
  batch: number,
  { shape, teacherOutputs }: RehearseOptions,
): StepSpec {
  const rows = imageRows(stage, batch);
  const entries: Record<string, LeafSpec> =
    rows === 0 ? {} : { images: { shape: [rows, ...shape], dtype: 'uint8' } };
  for (const name of rows === 0 ? [] : stage.teacherOutputs) {
    const output = teacherOutputs?.[name];
    if (output !== undefined) entries[`teacher/${name}`] = { shape: [rows, ...output], dtype: 'float32' };
  }
  if (stage.usesLabels) entries.labels = { shape: [rows, ...(stage.targetShape ?? [])], dtype: 'int32' };
  const { hyper, phases } = firstOf(stage);
  const later = stage.step.phases.map(({ name }) => name).filter((name) => !phases.includes(name));
  return {
    state: mapTree(state, specOf),
    batch: entries,
    hyper: Object.keys(hyper),
    phases: [...phases, ...later],
  };
}
