import {
  keptSteps,
  passes as ownPasses,
  type Pass,
  shapesOf,
  StepPrograms,
  type TargetOptions,
} from '@anc/compiler';
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
  type RehearsalOptions,
  type Step,
  type StepSpec,
  type TensorFunction,
  type Tree,
} from '@anc/core';
import { installable, mainMemory, processorName, processorThreads } from '@anc/core/internal';
import { buildFunction } from './compiled-function.js';
import { buildStep, loadWhole, OnnxStep, type SerializedStep, type StepProgram } from './compiled-step.js';
import { channelBlock } from './engine/channel-block.js';
import { EngineClient } from './engine/client.js';
import { NATIVE } from './engine/native-package.js';
import type { EngineInfo, EngineOptions } from './engine/protocol.js';
import { createSchema, type OnnxBackendOptions } from './options.js';
import { assertProvider, openEngine } from './providers.js';
import { OnnxState } from './state.js';

const acceleratorOf = ({ executionProviders: [first] }: EngineInfo): string | null =>
  first === undefined || first === 'cpu' || first === 'wasm' ? null : first;

/** The packages that write graphs. */
const WRITERS = {
  own: ['@anc/compiler', '@anc/backend-onnx'],
  others: ['onnx-proto'],
  from: import.meta.url,
};

/** What tests of other engines' graphs change. */
export interface OnnxInternals {
  /** Passes that follow the compiler's. With them every provider takes float16. */
  readonly passes?: readonly Pass[];
}

/** The provider that adds products of float16 in float32. */
const WITH_FLOAT16 = 'cuda';

/** Half the output of ResNet-164's largest layer for 128 images: 6 to 8 % faster than the whole batch (two cores). */
const CACHE = 4 * 2 ** 20;

/** Compiles steps and functions to ONNX graphs and runs them in ONNX Runtime, on a separate thread. */
export class OnnxBackend extends Backend {
  readonly name: string;
  readonly capabilities: Capabilities;
  override readonly cache: number | null;
  readonly #programs: StepPrograms<StepProgram>;

  private constructor(
    /** The ONNX Runtime session thread. */
    readonly engine: EngineClient,
    /** Version, execution provider and threads of the engine. */
    readonly info: EngineInfo,
    /** Options that it was created with. */
    readonly options: OnnxBackendOptions,
    /** Channels in a block of the NCHWc layout; null where layouts are not blocked. */
    readonly channelBlock: number | null,
    /** Passes over graphs, in order. */
    readonly passes: readonly Pass[],
  ) {
    super();
    const { accelerator } = this;
    this.name = accelerator === null ? 'onnx' : `onnx:${accelerator}`;
    this.capabilities = {
      training: true,
      deterministic: accelerator === null,
      compiled: true,
      rankMeans: 'awaiting',
    };
    this.cache = channelBlock === null ? null : CACHE;
    const { stepsPerCall, trainingPrecision } = options;
    const repeats = stepsPerCall > 1 && info.executionProviders.join() === 'cpu';
    const target = targetFor(this, trainingPrecision === 'float16' ? 'float16' : 'float32', channelBlock);
    const kept =
      passes.length > ownPasses.length ? null : keptSteps<SerializedStep>({ ...target, repeats }, WRITERS);
    this.#programs = new StepPrograms({
      target,
      build: (traced, spec, of) =>
        buildStep(engine, traced, spec, { passes, repeats }, of && kept?.keeping(spec, of)),
      async find(spec, of) {
        const found = (await kept?.find(spec, of)) ?? null;
        return found && (() => loadWhole(engine, found));
      },
      async free({ sessions }) {
        for (const session of sessions) await engine.call('releaseSession', session);
      },
    });
  }

  /** The requested execution provider; null for the processor's own. */
  get accelerator(): string | null {
    return acceleratorOf(this.info);
  }

  /**
   * Starts the engine.
   *
   * @throws `ANC_BACKEND_MISSING` if no runtime can be loaded, or it lacks the first execution provider;
   *   `ANC_BACKEND_DEVICE` if that provider does not start; `ANC_OPTIONS` if it does not take the precision.
   */
  static async create(
    partial: Partial<OnnxBackendOptions> = {},
    internals: OnnxInternals = {},
  ): Promise<OnnxBackend> {
    const options = createSchema.parse(partial);
    if (internals.passes === undefined) assertPrecision(options);
    const engine = new EngineClient(options.stepsPerCall);
    const engineOptions: EngineOptions = {
      ...options,
      intraOpThreads: options.threads ?? processorThreads(),
      profile: options.profile ?? null,
    };
    const info = await openEngine(engine, engineOptions);
    const provider = options.executionProviders[0]!;
    if (provider !== 'cpu') {
      try {
        await assertProvider(engine, provider, info);
      } catch (error) {
        await engine.close();
        throw error;
      }
    }
    const native = info.runtime === 'onnxruntime-node' && info.executionProviders.join() === 'cpu';
    const passes = [...ownPasses, ...(internals.passes ?? [])];
    const block = native ? await channelBlock(engine) : null;
    return new OnnxBackend(engine, info, options, block, passes);
  }

  get environment(): Tree<string | number> {
    const { runtime, version, threads, executionProviders } = this.info;
    const { accelerator } = this;
    const memory = accelerator === null ? mainMemory() : null;
    const install = this.info.notice === null ? null : installable(NATIVE);
    const notice = [this.info.notice, this.#fallbackNotice()].filter((text) => text !== null).join(' ');
    return {
      device: accelerator === null ? processorName() : `GPU, by ONNX Runtime's ${accelerator} provider`,
      ...(memory === null ? {} : { memory }),
      runtime,
      version,
      threads,
      ...(this.channelBlock === null ? {} : { channelBlock: this.channelBlock }),
      ...this.#precisions(),
      executionProviders: executionProviders.join(','),
      graphOptimizationLevel: this.options.graphOptimizationLevel,
      ...(notice === '' ? {} : { notice }),
      ...(install === null ? {} : { install }),
    };
  }

  /** What products multiply, where that is not float32 always. */
  #precisions(): Tree<string> {
    if (this.accelerator !== WITH_FLOAT16) return {};
    const { precision, trainingPrecision } = this.options;
    return {
      precisions: 'float32, float16',
      precision,
      trainingPrecision: trainingPrecision === 'auto' ? 'float32' : trainingPrecision,
    };
  }

  #fallbackNotice(): string | null {
    const { graphs, of } = this.engine.fallbacks;
    if (graphs === 0) return null;
    return (
      `The processor computes parts of ${graphs} of ${of} graphs, because ONNX Runtime's ${this.accelerator} provider ` +
      'has no kernels for them.'
    );
  }

  upload(state: Tree<HostTensor>): Promise<DeviceState> {
    return OnnxState.upload(this.engine, state);
  }

  async compile(step: Step, spec: StepSpec, { signal }: CompileOptions = {}): Promise<CompiledStep> {
    const { program, release } = await this.#programs.take(step, spec, signal);
    return new OnnxStep(this.engine, program, release);
  }

  override async rehearse(step: Step, spec: StepSpec, options: RehearsalOptions = {}): Promise<void> {
    await this.#programs.rehearseOrFind(step, spec, options);
  }

  async compileFunction(
    f: TensorFunction,
    spec: FunctionSpec,
    constants: Tree<HostTensor> = {},
    { signal, repeats }: CompileOptions = {},
  ): Promise<CompiledFunction> {
    signal?.throwIfAborted();
    const target = targetFor(this, this.options.precision, null);
    return buildFunction(this.engine, f, spec, constants, { target, passes: this.passes, repeats });
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
    return shapesOf(f, spec, constants, targetFor(this, this.options.precision, null), options);
  }

  async dispose(): Promise<void> {
    this.#programs.clear();
    await this.engine.close();
  }
}

/** What graphs are traced for. NCHWc layout is for training steps on processors, in float32; float16 is for accelerators. */
function targetFor(
  { accelerator }: Pick<OnnxBackend, 'accelerator'>,
  products: 'float32' | 'float16',
  channelBlock: number | null,
): TargetOptions {
  const isHalf = products === 'float16';
  return {
    channelBlock: isHalf ? null : channelBlock,
    accelerated: accelerator !== null || isHalf,
    products,
  };
}

/** @throws `ANC_OPTIONS` if float16 is asked for and the first execution provider does not take it */
function assertPrecision({
  precision,
  trainingPrecision,
  executionProviders: [provider],
}: OnnxBackendOptions): void {
  if (provider === WITH_FLOAT16 || ![precision, trainingPrecision].includes('float16')) return;
  throw new AncError(
    'ANC_OPTIONS',
    `backend "onnx": the execution provider "${provider}" does not take float16.`,
    {
      expected: `the execution provider ${WITH_FLOAT16}, or float32`,
      received: provider,
      hint: 'leave out precision and trainingPrecision.',
    },
  );
}
