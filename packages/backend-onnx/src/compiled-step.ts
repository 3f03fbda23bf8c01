import {
  isWhole,
  metricsOfRows,
  type NamedValue,
  type Node,
  type Pass,
  type PassReport,
  reachable,
  runPasses,
  type TracedStep,
  type Value,
} from '@anc/compiler';
import {
  AncError,
  sizeOf,
  type CompiledStep,
  type DeviceState,
  type Inputs,
  type LeafSpec,
  type NoiseSpec,
  type RankMeans,
  type StepSpec,
  type Tree,
  mapTree,
} from '@anc/core';
import { NoiseAhead, meansOfRuns } from '@anc/core/internal';
import type { EngineClient } from './engine/client.js';
import type {
  GraphTraits,
  SectionPlan,
  SerializedTensor,
  SerializedTensors,
  StepPlan,
} from './engine/protocol.js';
import { nodesForProcessor } from './providers.js';
import { isSections, loadSections, runSections } from './sections.js';
import { serializeLoop, STEPS, type LoopSpec } from './serialize/serialize-loop.js';
import { serialize } from './serialize/serialize.js';
import { serializeTensor, serializeTree } from './serialized-tensor.js';
import { OnnxState } from './state.js';

/** A step's sessions and its inputs; shared by all compilations of the same step. */
export interface StepProgram {
  /** One, or one for each section. */
  readonly sessions: readonly number[];
  /** How the one session is run; the parts of a step that exchanges means over ranks. */
  readonly plan: StepPlan | readonly SectionPlan[];
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
  /** Passes over its graph. */
  readonly passes: readonly Pass[];
}

/** Bytes of state from which on steps share a call: LeNet-4's 19 MB gain by it, ResNet-20's 2 MB did not. */
const LARGE_STATE = 4 * 2 ** 20;

/** A step that runs as one graph, as it is loaded: all but the graph is what JSON holds. */
export interface SerializedStep {
  readonly about: Omit<StepProgram, 'sessions' | 'plan'> & {
    readonly plan: StepPlan;
    readonly traits: GraphTraits;
  };
  readonly model: Uint8Array<ArrayBuffer>;
}

/**
 * Serializes and loads a step.
 *
 * @param keep is given what a whole step was serialized to, before it is loaded
 */
export async function buildStep(
  engine: EngineClient,
  traced: TracedStep,
  spec: StepSpec,
  { repeats, passes }: StepOptions,
  keep?: (serialized: SerializedStep) => void,
): Promise<StepProgram> {
  const { outputs, report } = runPasses(traced, passes);
  const nodes = reachable(
    traced.graph,
    outputs.map(({ value }) => value),
  );
  const used = inputNames(outputs, nodes);
  const batchNames = new Set(namesUnder('batch/', used));
  const noiseNames = new Set(namesUnder('noise/', used));
  const program = {
    metrics: traced.metrics,
    batch: Object.fromEntries(Object.entries(spec.batch).filter(([name]) => batchNames.has(name))),
    hyper: namesUnder('hyper/', used),
    noise: traced.noise.filter(({ name }) => noiseNames.has(name)),
    passes: report,
  };
  if (!isWhole(spec)) return { ...program, ...(await loadSections(engine, traced, outputs)) };
  const { plan, model } = serializeWhole(traced, outputs, namesUnder('state/', used), spec, repeats);
  const traits = { forProcessor: nodesForProcessor(nodes), isFinal: traced.target.channelBlock !== null };
  const serialized = { about: { ...program, plan, traits }, model };
  keep?.(serialized);
  return loadWhole(engine, serialized);
}

/** Loads a step as one graph. Its model is transferred. */
export async function loadWhole(
  engine: EngineClient,
  { about: { traits, ...program }, model }: SerializedStep,
): Promise<StepProgram> {
  const session = engine.handle();
  await engine.createSession(session, model, traits);
  return { ...program, sessions: [session] };
}

/** Names that begin with a prefix, without it. */
const namesUnder = (prefix: string, names: Iterable<string>): string[] =>
  [...names].filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length));

function serializeWhole(
  traced: TracedStep,
  outputs: readonly NamedValue[],
  stateInputs: readonly string[],
  spec: StepSpec,
  repeats: boolean,
): { readonly plan: StepPlan; readonly model: Uint8Array<ArrayBuffer> } {
  const bytes = traced.changed.reduce((sum, name) => sum + 4 * sizeOf(spec.state[name]!.shape), 0);
  const repeated = repeats && bytes >= LARGE_STATE;
  const model = repeated
    ? serializeLoop(traced.graph, outputs, loopOf(traced, spec))
    : serialize(traced.graph, outputs);
  return {
    plan: {
      stateInputs: repeated ? [...new Set([...stateInputs, ...traced.changed])] : stateInputs,
      changed: traced.changed,
      metrics: traced.metrics.length,
      steps: repeated ? STEPS : null,
    },
    model: model as Uint8Array<ArrayBuffer>,
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

function inputNames(outputs: readonly NamedValue[], nodes: readonly Node[]): Set<string> {
  const names = new Set<string>();
  const add = (value: Value | null): void => {
    if (value?.source.kind === 'input') names.add(value.source.name);
  };
  for (const { value } of outputs) add(value);
  for (const { inputs } of nodes) inputs.forEach(add);
  return names;
}

/** A handle on a step program, with metrics of its own. */
export class OnnxStep implements CompiledStep {
  readonly #accumulator: number;
  readonly #noise: NoiseAhead;

  constructor(
    readonly engine: EngineClient,
    readonly program: StepProgram,
    readonly release: () => Promise<void>,
  ) {
    this.#accumulator = engine.handle();
    this.#noise = new NoiseAhead(program.noise);
  }

  async run(state: DeviceState, { batch, hyper, noise, rankMeans }: Inputs): Promise<void> {
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
    Object.assign(feeds, mapTree(this.#noise.of(noise), serializeTensor));
    const running = this.#start(state.handle, feeds, rankMeans);
    // The next step's noise is drawn while this one runs on the other thread.
    this.#noise.prepareAfter(noise);
    await running;
  }

  #start(state: number, feeds: SerializedTensors, means: RankMeans | undefined): Promise<unknown> {
    const { engine } = this;
    const { plan, sessions } = this.program;
    const accumulator = this.#accumulator;
    if (isSections(plan)) return runSections(engine, plan, state, accumulator, feeds, means);
    const [session] = sessions as [number];
    return plan.steps === null
      ? engine.call('runSteps', session, state, accumulator, plan, feeds, 1)
      : engine.steps.add({ session, state, accumulator, plan }, feeds);
  }

  async metrics(): Promise<Tree<number>> {
    return meansOfRuns(await this.metricsOfRuns());
  }

  async metricsOfRuns(): Promise<readonly Tree<number>[]> {
    await this.engine.steps.settled();
    return metricsOfRows(this.program.metrics, await this.engine.call('readMetrics', this.#accumulator));
  }

  async dispose(): Promise<void> {
    await this.engine.call('releaseStep', this.#accumulator);
    await this.release();
  }
}

function serializeScalar(name: string, hyper: Tree<number>): SerializedTensor {
  const value = hyper[name];
  if (value === undefined) throw new AncError('ANC_FEED', `the hyperparameter "${name}" is missing.`);
  return { type: 'float32', shape: [], data: Float32Array.of(value) };
}
