import type { Tensor } from '@tensorflow/tfjs-core';
import { AncError } from '../errors/error.js';
import { collectingKept } from '../purity/collecting-kept.js';
import { forbiddingReads } from '../purity/forbidding-reads.js';
import { hintFor, Uses, usesInWords, watchingSources } from '../purity/impure-sources.js';
import { mapTree, namesOf, sizeOf, type HostTensor, type LeafSpec, type Tree } from '../tree/tree.js';
import type { Backend, CompiledStep, Inputs } from './backend.js';
import type { Step, StepSpec } from './step.js';

/** By how much the results of two equal steps may differ on a device that adds in any order. */
const TOLERANCE = 1e-2;

/**
 * Runs a step twice on the same inputs and compares: code that reads the values of tensors, draws its own random numbers,
 * asks for the time or remembers something is found before it trains.
 *
 * @throws the step's own error; `ANC_COMPILE_READ`; `ANC_COMPILE_IMPURE` where the results differ, or tensors are kept.
 */
export async function rehearseTwice(backend: Backend, step: Step, spec: StepSpec): Promise<void> {
  const uses = new Uses();
  const kept = new Map<Tensor, string | null>();
  let runs = 0;
  const watch: Watch = (code) =>
    watchingSources(uses, runs, () => forbiddingReads(() => collectingKept(kept, code)));
  const compiled = await backend.compile(watched(step, watch), spec);
  const run = (): Promise<Tree<HostTensor>> => (
    runs++,
    resultOf(backend, compiled, mapTree(spec.state, exampleOf), inputsOf(spec))
  );
  try {
    const [before, after] = [await run(), await run()];
    const allowed = backend.capabilities.deterministic ? 0 : TOLERANCE;
    const other = namesOf(before).find((name) => differ(before[name]!, after[name], allowed));
    if (other !== undefined) throw impure(step, `"${other}" differs`, uses, uses.part);
    const left = [...kept].filter(([tensor]) => !tensor.isDisposed);
    if (left.length > 0) {
      const received = `tf.keep or tf.variable left ${left.length} tensors behind`;
      throw impure(step, received, uses, left[0]![1]);
    }
  } finally {
    await compiled.dispose();
  }
}

/**
 * Runs a step that is known to depend on its inputs alone.
 *
 * @throws the step's own error.
 */
export const rehearseOnce = (backend: Backend, step: Step, spec: StepSpec): Promise<void> =>
  runOnce(backend, step, spec, mapTree(spec.state, exampleOf), inputsOf(spec));

/** Runs a step once, and throws its error. */
export async function runOnce(
  backend: Backend,
  step: Step,
  spec: StepSpec,
  initial: Tree<HostTensor>,
  inputs: Inputs,
): Promise<void> {
  const compiled = await backend.compile(step, spec);
  try {
    await resultOf(backend, compiled, initial, inputs);
  } finally {
    await compiled.dispose();
  }
}

/** Inputs that are always the same. */
const inputsOf = ({ batch, hyper }: StepSpec): Inputs => ({
  batch: mapTree(batch, exampleOf),
  hyper: Object.fromEntries(hyper.map((name) => [name, 0.5])),
  noise: { seed: 0, step: 0 },
});

/** The state and the metrics after one step. */
async function resultOf(
  backend: Backend,
  compiled: CompiledStep,
  initial: Tree<HostTensor>,
  inputs: Inputs,
): Promise<Tree<HostTensor>> {
  const state = await backend.upload(initial);
  try {
    await compiled.run(state, inputs);
    const metrics = await compiled.metrics(); // the step may have been queued: the readback waits for it
    const after = await state.read();
    return { ...after, ...mapTree(metrics, (value) => ({ shape: [], data: Float32Array.of(value) })) };
  } finally {
    await state.dispose();
  }
}

/** Runs a phase's code. */
type Watch = <T>(code: () => T) => T;

/** The same step, watched while its code runs. */
const watched = (step: Step, watch: Watch): Step => ({
  ...step,
  phases: step.phases.map((phase) => ({
    name: phase.name,
    gradients: (...given) => watch(() => phase.gradients(...given)),
    update: (...given) => watch(() => phase.update(...given)),
  })),
});

const impure = ({ phases }: Step, received: string, uses: Uses, part: string | null): AncError =>
  new AncError(
    'ANC_COMPILE_IMPURE',
    `${part ?? `the step (${phases.map(({ name }) => name).join(', ')})`} gives another result when it runs again on the same inputs.`,
    {
      expected: 'the same result both times',
      received: usesInWords(received, uses),
      hint: hintFor(
        uses,
        'a step may not depend on random numbers, the time or what earlier calls left behind: take noise from ' +
          'context.noise and what changes over time from hyper, keep memories in the state, and do not use tf.dropout, ' +
          'tf.random*, Math.random or Date.',
      ),
    },
  );

function differ(a: HostTensor, b: HostTensor | undefined, allowed: number): boolean {
  if (b?.data.length !== a.data.length) return true;
  for (let i = 0; i < a.data.length; i++) {
    const [x, y] = [a.data[i]!, b.data[i]!];
    if (!Object.is(x, y) && !(Math.abs(x - y) <= allowed * (1 + Math.abs(x)))) return true;
  }
  return false;
}

/**
 * Values for a leaf that show what a step does with it: positive, different from each other, and so small in kernels that
 * activations keep their size. Integers are 0, which is a class.
 */
function exampleOf({ shape, dtype }: LeafSpec): HostTensor {
  const size = sizeOf(shape);
  if (dtype === 'int32') return { shape, data: new Int32Array(size) };
  const fan = shape.length < 2 ? 1 : size / Math.max(1, shape.at(-1)!);
  const scale = dtype === 'uint8' ? 255 : 1.4 / Math.max(1, fan);
  const data = dtype === 'uint8' ? new Uint8Array(size) : new Float32Array(size);
  for (let i = 0; i < size; i++) data[i] = scale * (0.5 + 0.5 * fraction(i));
  return { shape, data };
}

/** A number in [0, 1) for an index: multiples of the golden ratio. */
const fraction = (i: number): number => (i * 0.618_033_988_749_895) % 1;
