import { type PassReport, reachable, runPasses, type TracedStep, type Value } from '@anc/compiler';
import {
  AncError,
  drawNoise,
  sizeOf,
  type CompiledStep,
  type DeviceState,
  type Inputs,
  type LeafSpec,
  type NoiseSpec,
  type StepSpec,
  type Tree,
} from '@anc/core';
import { meansOfRuns } from '@anc/core/internal';
import type { EngineClient } from './engine/client.js';
import type { StepPlan, SerializedTensor } from './engine/protocol.js';
import { serializeLoop, STEPS, type LoopSpec } from './serialize/serialize-loop.js';
import { serialize } from './serialize/serialize.js';
import { nodesForProcessor } from './providers.js';
import { serializeTensor, serializeTree } from './serialized-tensor.js';
import { OnnxState } from './state.js';

/** A step's session and its inputs; shared by all compilations of the same step. */
export interface StepProgram {
  readonly session: number;
  readonly plan: StepPlan;
  readonly metrics: readonly string[];
  readonly batch: Tree<LeafSpec>;
  readonly hyper: readonly string[];
  readonly noise: readonly NoiseSpec[];
  /** What each pass did to its graph. */
  readonly passes: readonly PassReport[];
}

export interface StepOptions {
  /** Whether to run several steps in one call where the state is large. */
  readonly repeats: boolean;
}

/** Bytes of state from which on steps share a call: LeNet-4's 19 MB gain by it, ResNet-20's 2 MB did not. */
const LARGE_STATE = 4 * 2 ** 20;

/** Traces, serializes and loads a step. */
export async function buildStep(
  engine: EngineClient,
  trace: () => TracedStep,
  spec: StepSpec,
  { repeats }: StepOptions,
): Promise<StepProgram> {
  const traced = trace();
  const { outputs, report } = runPasses(traced);
  const values = outputs.map(({ value }) => value);
  const used = inputNames(values, traced.graph);
  const under = (prefix: string): string[] =>
    [...used].filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length));
  const batchNames = new Set(under('batch/'));
  const noiseNames = new Set(under('noise/'));
  const bytes = traced.changed.reduce((sum, name) => sum + 4 * sizeOf(spec.state[name]!.shape), 0);
  const repeated = repeats && bytes >= LARGE_STATE;
  const model = repeated
    ? serializeLoop(traced.graph, outputs, loopOf(traced, spec))
    : serialize(traced.graph, outputs);
  const session = engine.handle();
  const forProcessor = nodesForProcessor(reachable(traced.graph, values));
  await engine.createSession(session, model, { forProcessor, kept: true });
  return {
    session,
    plan: {
      stateInputs: repeated ? [...new Set([...under('state/'), ...traced.changed])] : under('state/'),
      changed: traced.changed,
      metrics: traced.metrics.length,
      steps: repeated ? STEPS : null,
    },
    metrics: traced.metrics,
    batch: Object.fromEntries(Object.entries(spec.batch).filter(([name]) => batchNames.has(name))),
    hyper: under('hyper/'),
    noise: traced.noise.filter(({ name }) => noiseNames.has(name)),
    passes: report,
  };
}

/** What a step changes of the state is carried into the next one; all other entries are constants. */
function loopOf({ changed }: TracedStep, { state }: StepSpec): LoopSpec {
  const kept = Object.keys(state).filter((name) => !changed.includes(name));
  return {
    carried: new Map(changed.map((name) => [`state/${name}`, `next/${name}`])),
    constant: new Set(kept.map((name) => `state/${name}`)),
  };
}

function inputNames(outputs: readonly Value[], graph: Parameters<typeof reachable>[0]): Set<string> {
  const values = [...outputs, ...reachable(graph, outputs).flatMap((node) => node.inputs)];
  const names = values.flatMap((value) => (value?.source.kind === 'input' ? [value.source.name] : []));
  return new Set(names);
}

/** The noise of one step. */
interface DrawnNoise {
  readonly of: Inputs['noise'];
  readonly tensors: Record<string, SerializedTensor>;
}

/** A handle on a step program, with metrics of its own. */
export class OnnxStep implements CompiledStep {
  readonly #accumulator: number;
  #prefetched: DrawnNoise | null = null;

  constructor(
    readonly engine: EngineClient,
    readonly program: StepProgram,
    readonly release: () => Promise<void>,
  ) {
    this.#accumulator = engine.handle();
  }

  async run(state: DeviceState, { batch, hyper, noise }: Inputs): Promise<void> {
    const { program, engine } = this;
    if (!(state instanceof OnnxState) || state.engine !== engine) {
      throw new AncError('ANC_STATE', 'this state was uploaded to another backend.', {
        hint: 'upload it with the backend that compiled the step.',
      });
    }
    const feeds: Record<string, SerializedTensor> = {};
    for (const [name, tensor] of Object.entries(serializeTree('the batch entry', batch, program.batch))) {
      feeds[`batch/${name}`] = tensor;
    }
    for (const name of program.hyper) feeds[`hyper/${name}`] = serializeScalar(name, hyper);
    Object.assign(feeds, this.#noise(noise));
    const { session, plan } = program;
    const [handle, accumulator] = [state.handle, this.#accumulator];
    const running =
      plan.steps === null
        ? engine.call('runSteps', session, handle, accumulator, plan, feeds, 1)
        : engine.steps.add({ session, state: handle, accumulator, plan }, feeds);
    // The next step's noise is drawn while this one runs on the other thread.
    if (program.noise.length > 0) this.#prefetched = this.#drawNoise({ ...noise, step: noise.step + 1 });
    await running;
  }

  async metrics(): Promise<Tree<number>> {
    return meansOfRuns(await this.metricsOfRuns());
  }

  async metricsOfRuns(): Promise<readonly Tree<number>[]> {
    await this.engine.steps.settled();
    const { metrics } = this.program;
    const values = await this.engine.call('readMetrics', this.#accumulator);
    const runs = metrics.length === 0 ? 0 : values.length / metrics.length;
    return Array.from({ length: runs }, (_, run) =>
      Object.fromEntries(metrics.map((name, i) => [name, values[run * metrics.length + i]!])),
    );
  }

  async dispose(): Promise<void> {
    await this.engine.call('readMetrics', this.#accumulator);
    await this.release();
  }

  #noise(wanted: Inputs['noise']): Record<string, SerializedTensor> {
    const known = this.#prefetched;
    return known !== null && isSameNoise(known.of, wanted) ? known.tensors : this.#drawNoise(wanted).tensors;
  }

  #drawNoise(of: Inputs['noise']): DrawnNoise {
    const { seed, step, offset } = of;
    const pairs = this.program.noise.map(
      (spec) => [`noise/${spec.name}`, serializeTensor(drawNoise(spec, seed, step, offset))] as const,
    );
    return { of, tensors: Object.fromEntries(pairs) };
  }
}

const isSameNoise = (a: Inputs['noise'], b: Inputs['noise']): boolean =>
  a.seed === b.seed && a.step === b.step && (a.offset ?? 0) === (b.offset ?? 0);

function serializeScalar(name: string, hyper: Tree<number>): SerializedTensor {
  const value = hyper[name];
  if (value === undefined) throw new AncError('ANC_FEED', `the hyperparameter "${name}" is missing.`);
  return { type: 'float32', shape: [], data: Float32Array.of(value) };
}
