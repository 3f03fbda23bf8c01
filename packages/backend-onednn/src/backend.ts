import { runPasses, traceFunction, traceTwice } from '@anc/compiler';
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
  type Step,
  type TensorFunction,
  type Tree,
} from '@anc/core';
import { assertFeed, mainMemory, processorName, processorThreads } from '@anc/core/internal';
import { EngineClient } from './engine/client.js';
import type { EngineInfo } from './engine/protocol.js';
import { flatten } from './graph/flat-graph.js';
import { importKoffi } from './library/koffi.js';
import { onednnSchema, type OnednnOptions } from './options.js';
import { HostState } from './state.js';

/** Half the output of ResNet-164's largest layer for 128 images: its forward pass is a sixth faster than of the whole batch. */
const CACHE = 4 * 2 ** 20;

/** Prefix of outputs: in a function, but not in a graph, an output may have the name of an input. */
const OUTPUT = 'output/';

/** Runs functions of tensors on oneDNN, on the processor and on a thread of its own. It does not train. */
export class OnednnBackend extends Backend {
  readonly name = 'onednn';
  readonly capabilities: Capabilities = { training: false, deterministic: true, compiled: true };
  override readonly cache = CACHE;
  override readonly calibrates: boolean;

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
  }

  /**
   * Loads the library.
   *
   * @throws `ANC_BACKEND_MISSING` where koffi or the library is not found, `ANC_BACKEND_BROKEN` where it is another
   *   version's, `ANC_BACKEND_DEVICE` where the processor lacks the precision.
   */
  static async create(partial: Partial<OnednnOptions> = {}): Promise<OnednnBackend> {
    const options = onednnSchema.parse(partial);
    await importKoffi(); // the thread's error would not say what can be installed
    const engine = new EngineClient();
    try {
      const { precision, threads = processorThreads() } = options;
      return new OnednnBackend(engine, await engine.call('open', { precision, threads }), options);
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
    };
  }

  async upload(state: Tree<HostTensor>): Promise<DeviceState> {
    return new HostState(state);
  }

  compile(step: Step): Promise<CompiledStep> {
    return Promise.reject(
      new AncError(
        'ANC_BACKEND',
        `backend "onednn" does not train (${step.phases.map(({ name }) => name).join(', ')}).`,
        {
          expected: 'a backend that trains, such as onnx',
          received: 'onednn',
          hint: 'use it for the teacher alone: --teacher-backend onednn.',
        },
      ),
    );
  }

  override async rehearse(step: Step): Promise<void> {
    await this.compile(step);
  }

  async compileFunction(
    f: TensorFunction,
    spec: FunctionSpec,
    constants: Tree<HostTensor> = {},
    { signal, examples = [] }: CompileOptions = {},
  ): Promise<CompiledFunction> {
    signal?.throwIfAborted();
    for (const inputs of examples) assertFeed('the example', inputs, spec.inputs);
    const traced = traceTwice(`the function "${spec.id}"`, () =>
      traceFunction(f, spec, constants, { fusesRelu: true }),
    );
    const outputs = runPasses(traced).outputs.map(({ name, value }) => ({ name: OUTPUT + name, value }));
    const program = this.engine.handle();
    await this.engine.call('build', program, flatten(traced.graph, outputs), this.calibrates ? examples : []);
    const booleans = outputs.filter(({ value }) => value.type === 'bool').map(({ name }) => name);
    return new OnednnFunction(this.engine, program, spec.inputs, new Set(booleans));
  }

  async dispose(): Promise<void> {
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
