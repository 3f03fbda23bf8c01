import { serialize } from 'node:v8';
import { cutAtRankMeans, isWhole, metricsOfRows, runPasses, type TracedStep } from '@anc/compiler';
import {
  AncError,
  type CompiledStep,
  type DeviceState,
  type Inputs,
  type LeafSpec,
  type NoiseSpec,
  type RankMeans,
  type StepSpec,
  type Tree,
} from '@anc/core';
import { NoiseAhead, assertFeed, meansOfRuns } from '@anc/core/internal';
import type { EngineClient } from './engine/client.js';
import type { SentTensor, SentTensors, StepPart } from './engine/protocol.js';
import { flatten, type FlatGraph } from './graph/flat-graph.js';
import { imagesOf } from './build/images.js';
import { OnednnState } from './state.js';

/** An exchange of ranks after a part of a step: names of outputs, and of the inputs of later parts that get their means. */
interface Exchange {
  readonly output: string;
  readonly input: string;
}

interface Part extends StepPart {
  readonly exchanges: readonly Exchange[];
}

/** A step's programs and its inputs; shared by all compilations of the same step. */
export interface StepProgram {
  readonly parts: readonly Part[];
  readonly metrics: readonly string[];
  readonly batch: Tree<LeafSpec>;
  readonly hyper: readonly string[];
  readonly noise: readonly NoiseSpec[];
}

const FEED = /^(batch|hyper|noise)\//;

/** A graph without the inputs that nothing reads. */
function used(graph: FlatGraph): FlatGraph {
  const read = new Set<number>(graph.outputs.map(({ value }) => value));
  for (const { inputs } of graph.nodes) for (const input of inputs) if (input !== null) read.add(input);
  return { ...graph, inputs: graph.inputs.filter(({ value }) => read.has(value)) };
}

type SerializedPart = Omit<Part, 'program'>;

/** A step with its graphs as the thread gets them; all but these is what JSON holds. */
interface Serialized {
  readonly about: Omit<StepProgram, 'parts'> & { readonly parts: readonly SerializedPart[] };
  /** Of each part. */
  readonly graphs: readonly Uint8Array<ArrayBuffer>[];
}

/** A step that is one program, as it is kept. */
export interface SerializedStep extends Pick<Serialized, 'about'> {
  readonly model: Uint8Array<ArrayBuffer>;
}

/**
 * Builds a step's programs: one, or with ranks that exchange means while it runs, one for each part between these.
 *
 * @param keep is given what a step of one program was serialized to, before it is built
 */
export async function buildStep(
  engine: EngineClient,
  traced: TracedStep,
  spec: StepSpec,
  keep?: (serialized: SerializedStep) => void,
): Promise<StepProgram> {
  const { about, graphs } = serialized(traced, spec);
  if (!isWhole(spec)) return load(engine, { about, graphs }, false);
  const step = { about, model: graphs[0]! };
  keep?.(step);
  return loadWhole(engine, step);
}

/** Builds a step of one program. */
export const loadWhole = (engine: EngineClient, { about, model }: SerializedStep): Promise<StepProgram> =>
  load(engine, { about, graphs: [model] }, true);

async function load(
  engine: EngineClient,
  { about, graphs }: Serialized,
  isWhole: boolean,
): Promise<StepProgram> {
  const parts: Part[] = [];
  for (const [i, part] of about.parts.entries()) {
    const program = engine.handle();
    await engine.call('buildStep', program, graphs[i]!, isWhole);
    parts.push({ ...part, program });
  }
  return { ...about, parts };
}

function serialized(traced: TracedStep, spec: StepSpec): Serialized {
  const { outputs } = runPasses(traced);
  const sections = isWhole(spec)
    ? [{ graph: traced.graph, outputs, drops: [], sends: [] }]
    : cutAtRankMeans(traced.graph, outputs);
  const images = imagesOf(traced.graph, outputs);
  const flat = sections.map((section) => used(flatten(section.graph, section.outputs, images)));
  const parts = sections.map((section, i): SerializedPart => ({
    feeds: flat[i]!.inputs.map(({ name }) => name).filter((name) => FEED.test(name)),
    isFirst: i === 0,
    isLast: i === sections.length - 1,
    drops: section.drops,
    receives: i === 0 ? [] : sections[i - 1]!.sends.map(({ input }) => input),
    sends: section.sends.map(({ output }) => output),
    exchanges: section.sends.map(({ output, input }) => ({ output, input })),
  }));
  const feeds = new Set(parts.flatMap((part) => part.feeds));
  const about = {
    parts,
    metrics: traced.metrics,
    batch: Object.fromEntries(Object.entries(spec.batch).filter(([name]) => feeds.has(`batch/${name}`))),
    hyper: spec.hyper.filter((name) => feeds.has(`hyper/${name}`)),
    noise: traced.noise.filter(({ name }) => feeds.has(`noise/${name}`)),
  };
  return { about, graphs: flat.map((graph) => new Uint8Array(serialize(graph))) };
}

/** A handle on a step's programs, with metrics of its own. */
export class OnednnStep implements CompiledStep {
  readonly #accumulator: number;
  readonly #noise: NoiseAhead;
  /** The run that was requested last. */
  #running: Promise<void> = Promise.resolve();

  constructor(
    /** The thread that computes. */
    readonly engine: EngineClient,
    /** What it runs. */
    readonly program: StepProgram,
    readonly release: () => Promise<void>,
  ) {
    this.#accumulator = engine.handle();
    this.#noise = new NoiseAhead(program.noise);
  }

  async run(state: DeviceState, { batch, hyper, noise, rankMeans }: Inputs): Promise<void> {
    const { program, engine } = this;
    if (!(state instanceof OnednnState) || state.engine !== engine) {
      throw new AncError('ANC_STATE', 'this state was uploaded to another backend.', {
        hint: 'upload it with the backend that compiled the step.',
      });
    }
    assertFeed('the batch entry', batch, program.batch);
    const feeds: Record<string, SentTensor> = {};
    for (const name of Object.keys(program.batch)) feeds[`batch/${name}`] = batch[name]!;
    for (const name of program.hyper) feeds[`hyper/${name}`] = scalar(name, hyper);
    Object.assign(feeds, this.#noise.of(noise));
    const running = this.#play(state.handle, feeds, rankMeans);
    running.catch(() => undefined); // what comes next throws it: a run, or reading the state or the metrics
    this.#running = running;
    const before = state.advancedBy(running);
    // The next step's noise is drawn while this one runs on the other thread.
    this.#noise.prepareAfter(noise);
    // The next step is prepared meanwhile, but where its parts would come between those of this one.
    await (program.parts.length === 1 ? before : running);
  }

  async #play(state: number, feeds: SentTensors, means: RankMeans | undefined): Promise<void> {
    let received: SentTensors = {};
    for (const part of this.program.parts) {
      const own = Object.fromEntries(part.feeds.map((name) => [name, feeds[name]!]));
      const { exchanges, ...plan } = part;
      const sent = await this.engine.call('runStep', plan, state, this.#accumulator, { ...own, ...received });
      received = exchanges.length === 0 ? {} : await exchanged(exchanges, sent, means);
    }
  }

  async metrics(): Promise<Tree<number>> {
    return meansOfRuns(await this.metricsOfRuns());
  }

  async metricsOfRuns(): Promise<readonly Tree<number>[]> {
    await this.#running;
    return metricsOfRows(this.program.metrics, await this.engine.call('readMetrics', this.#accumulator));
  }

  async dispose(): Promise<void> {
    await this.#running.catch(() => undefined);
    await this.engine.call('readMetrics', this.#accumulator);
    await this.release();
  }
}

function scalar(name: string, hyper: Tree<number>): SentTensor {
  const value = hyper[name];
  if (value === undefined) throw new AncError('ANC_FEED', `the hyperparameter "${name}" is missing.`);
  return { shape: [], data: Float32Array.of(value) };
}

/** The means over ranks of everything that a part sends, in one exchange, as inputs of later ones. */
async function exchanged(
  exchanges: readonly Exchange[],
  sent: SentTensors,
  means: RankMeans | undefined,
): Promise<SentTensors> {
  const own = exchanges.map(({ output }) => sent[output]!.data as Float32Array);
  const buffer = new Float32Array(own.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const values of own) {
    buffer.set(values, at);
    at += values.length;
  }
  const mean = means === undefined ? buffer : await means.mean(buffer);
  at = 0;
  const inputs = exchanges.map(({ input }, i): [string, SentTensor] => {
    const data = mean.slice(at, (at += own[i]!.length));
    return [input, { shape: [data.length], data }];
  });
  return Object.fromEntries(inputs);
}
