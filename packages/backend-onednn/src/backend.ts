import { keptSteps, runPasses, shapesOf, StepPrograms, traceChecked } from '@anc/compiler';
import {
  AncError,
  Backend,
  type Capabilities,
  type CompiledFunction,
  type CompiledStep,
  type CompileOptions,
  type DeviceState,
  type FunctionSpec,
  type HostTensor,
  type LeafSpec,
  type RehearsalOptions,
  type Step,
  type StepSpec,
  type TensorFunction,
  type Tree,
} from '@anc/core';
import { assertFeed, mainMemory, processorName, processorThreads } from '@anc/core/internal';
import { EngineClient } from './engine/client.js';
import { threadsAtWork } from './engine/processor-turns.js';
import type { EngineInfo } from './engine/protocol.js';
import { flatten } from './graph/flat-graph.js';
import { importOnednnKoffi } from './library/koffi.js';
import { onednnSchema, type OnednnOptions } from './options.js';
import { buildStep, loadWhole, OnednnStep, type SerializedStep, type StepProgram } from './compiled-step.js';
import { OnednnState } from './state.js';

/** Half the output of ResNet-164's largest layer for 128 images: its forward pass is a sixth faster than of the whole batch. */
const CACHE = 4 * 2 ** 20;

/** Prefix of outputs: in a function, but not in a graph, an output may have the name of an input. */
const OUTPUT = 'output/';

/** What graphs are traced for. */
const TARGET = { fusesRelu: true, ownGradients: true } as const;

/** The packages that write graphs. */
const WRITERS = { own: ['@anc/compiler', '@anc/backend-onednn'], others: [], from: import.meta.url };

/** Compiles steps and functions to primitives of oneDNN and kernels, and runs them on the processor, on a thread of its own. */
export class OnednnBackend extends Backend {
  readonly name = 'onednn';
  /** A backend that computes functions with less than float32 is for frozen networks, and trains nothing. */
  readonly capabilities: Capabilities;
  override readonly cache = CACHE;
  override readonly calibrates: boolean;
  readonly #programs: StepPrograms<StepProgram>;

  private constructor(
    /** The thread that computes. */
    readonly engine: EngineClient,
    /** Version of the library, and threads. */
    readonly info: EngineInfo,
    /** Options that it was created with. */
    readonly options: OnednnOptions,
  ) {
    super();
    this.calibrates = options.precision === 'int8';
    const training = options.precision === 'float32';
    this.capabilities = {
      training,
      deterministic: true,
      compiled: true,
      rankMeans: training ? 'awaiting' : null,
    };
    const kept = keptSteps<SerializedStep>(TARGET, WRITERS);
    this.#programs = new StepPrograms({
      target: TARGET,
      build: (traced, spec, of) => buildStep(engine, traced, spec, of && kept?.keeping(spec, of)),
      async find(spec, of) {
        const found = (await kept?.find(spec, of)) ?? null;
        return found && (() => loadWhole(engine, found));
      },
      async free({ parts }) {
        for (const { program } of parts) await engine.call('release', program);
      },
    });
  }

  /**
   * Loads the library.
   *
   * @throws `ANC_BACKEND_MISSING` where koffi or the library is not found, `ANC_BACKEND_BROKEN` where it is another
   *   version's, `ANC_BACKEND_DEVICE` where the processor lacks the precision.
   */
  static async create(partial: Partial<OnednnOptions> = {}): Promise<OnednnBackend> {
    const options = onednnSchema.parse(partial);
    await importOnednnKoffi(); // the thread's error would not say what can be installed
    const engine = new EngineClient();
    try {
      const { precision, trainingPrecision, threads = processorThreads() } = options;
      const turns = { atWork: threadsAtWork, available: processorThreads() };
      return new OnednnBackend(
        engine,
        await engine.call('open', { precision, trainingPrecision, threads, turns }),
        options,
      );
    } catch (error) {
      await engine.close();
      throw error;
    }
  }

  get environment(): Tree<string | number> {
    const memory = mainMemory();
    const { version, threads } = this.info;
    return {
      device: processorName(),
      ...(memory === null ? {} : { memory }),
      runtime: 'oneDNN',
      version,
      ...(threads === null ? {} : { threads }),
      precision: this.options.precision,
      ...(this.capabilities.training ? { trainingPrecision: this.info.trainingPrecision } : {}),
    };
  }

  upload(state: Tree<HostTensor>): Promise<DeviceState> {
    return OnednnState.upload(this.engine, state);
  }

  async compile(step: Step, spec: StepSpec, { signal }: CompileOptions = {}): Promise<CompiledStep> {
    signal?.throwIfAborted();
    this.#assertTrains();
    const { program, release } = await this.#programs.take(step, spec, signal);
    return new OnednnStep(this.engine, program, release);
  }

  #assertTrains(): void {
    if (this.capabilities.training) return;
    const { precision } = this.options;
    throw new AncError('ANC_BACKEND', `backend "onednn" does not train with the precision ${precision}.`, {
      expected: 'the precision float32, which its functions have; training steps have one of their own',
      received: precision,
      hint: 'use it for the teacher alone (--teacher-backend onednn), or --precision bfloat16 for training steps.',
    });
  }

  override async rehearse(step: Step, spec: StepSpec, options: RehearsalOptions = {}): Promise<void> {
    this.#assertTrains();
    await this.#programs.rehearseOrFind(step, spec, options);
  }

  async compileFunction(
    f: TensorFunction,
    spec: FunctionSpec,
    constants: Tree<HostTensor> = {},
    { signal, examples = [], repeats }: CompileOptions = {},
  ): Promise<CompiledFunction> {
    signal?.throwIfAborted();
    for (const inputs of examples) assertFeed('the example', inputs, spec.inputs);
    const traced = traceChecked(f, spec, constants, TARGET, { repeats });
    const outputs = runPasses(traced).outputs.map(({ name, value }) => ({ name: OUTPUT + name, value }));
    const program = this.engine.handle();
    await this.engine.call('build', program, flatten(traced.graph, outputs), this.calibrates ? examples : []);
    const booleans = outputs.filter(({ value }) => value.type === 'bool').map(({ name }) => name);
    return new OnednnFunction(this.engine, program, spec.inputs, new Set(booleans));
  }

  override prepare(step: Step, spec: StepSpec): void {
    this.#programs.prepare(step, spec);
  }

  override outputShapes(
    f: TensorFunction,
    spec: FunctionSpec,
    constants: Tree<HostTensor>,
    options: Pick<CompileOptions, 'repeats'>,
  ): Tree<readonly number[]> {
    return shapesOf(f, spec, constants, TARGET, options);
  }

  async dispose(): Promise<void> {
    this.#programs.clear();
    await this.engine.close();
  }
}

class OnednnFunction implements CompiledFunction {
  constructor(
    /** The thread that computes. */
    readonly engine: EngineClient,
    readonly program: number,
    readonly inputs: Tree<LeafSpec>,
    /** Outputs that are bytes 0 and 1, which a host tensor holds as int32. */
    readonly booleans: ReadonlySet<string>,
  ) {}

  async run(inputs: Tree<HostTensor>): Promise<Tree<HostTensor>> {
    assertFeed('the input', inputs, this.inputs);
    const wanted = Object.keys(this.inputs).map((name) => [name, inputs[name]!] as const);
    const results = await this.engine.call('run', this.program, Object.fromEntries(wanted));
    return Object.fromEntries(
      Object.entries(results).map(([name, { shape, data }]): [string, HostTensor] => [
        name.slice(OUTPUT.length),
        { shape, data: this.booleans.has(name) ? Int32Array.from(data) : data },
      ]),
    );
  }

  async dispose(): Promise<void> {
    await this.engine.call('release', this.program);
  }
}
