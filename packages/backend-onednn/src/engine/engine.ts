import { deserialize } from 'node:v8';
import { METRICS_OUTPUT } from '@anc/compiler/worker';
import { AncError, type Answers } from '@anc/core/worker';
import type { FlatGraph } from '../graph/flat-graph.js';
import { loadLibrary } from '../library/find-library.js';
import { importOnednnKoffi } from '../library/koffi.js';
import { Onednn } from '../library/onednn.js';
import { LibraryThreads, withSleepingThreads } from '../library/threads.js';
import type { Ranges } from '../build/quantization.js';
import type { HostArray } from '../build/storage.js';
import { ProcessorTurns } from './processor-turns.js';
import { Program } from './program.js';
import { KernelThreads } from '../kernels/kernel-threads.js';
import { Heap } from '../memory/heap.js';
import type {
  EngineCalls,
  EngineInfo,
  EngineOptions,
  SentTensor,
  SentTensors,
  StepPart,
  TrainingPrecision,
} from './protocol.js';
import { States } from './states.js';

/** The library and the programs that are compiled for it. */
export class Engine implements Answers<EngineCalls> {
  #library: Onednn | null = null;
  #precision: EngineOptions['precision'] = 'float32';
  #training: TrainingPrecision = 'float32';
  #turns: ProcessorTurns | null = null;
  readonly #programs = new Map<number, Program>();
  readonly #outputs = new Map<number, ReadonlyMap<string, readonly number[]>>();
  readonly #heap = new Heap();
  readonly #states = new States(this.#heap);
  #threads: KernelThreads | null = null;
  /** Rows of metrics, one per step since the last readback, by the number of their accumulator. */
  readonly #accumulators = new Map<number, Float32Array[]>();
  /** What parts of a step that has begun leave for later ones, by the number of its accumulator. */
  readonly #between = new Map<number, Map<string, HostArray['data']>>();

  async open({ threads, precision, trainingPrecision, turns }: EngineOptions): Promise<EngineInfo> {
    const koffi = await importOnednnKoffi();
    const { found, runtime } = withSleepingThreads(process.env, () => {
      const found = loadLibrary(koffi, process.env);
      return { found, runtime: new LibraryThreads(found.functions, threads) };
    });
    const library = new Onednn(found, koffi, runtime);
    if (precision === 'int8' && !library.hasInt8) {
      throw new AncError(
        'ANC_BACKEND_DEVICE',
        'backend "onednn": this processor does not sum products of bytes.',
        {
          expected: 'an x86-64 processor with AVX512_VNNI or AVX-VNNI',
          hint: 'use float32.',
        },
      );
    }
    if ([precision, trainingPrecision].includes('bfloat16') && !library.hasBfloat16) {
      throw new AncError(
        'ANC_BACKEND_DEVICE',
        'backend "onednn": this processor does not compute with bfloat16.',
        {
          expected: 'an x86-64 processor with AVX512_BF16, AVX-VNNI-2 or AMX',
          hint: 'use float32.',
        },
      );
    }
    this.#library = library;
    this.#turns = new ProcessorTurns(
      turns.atWork,
      runtime.areSet ? threads : turns.available,
      turns.available,
    );
    this.#threads = new KernelThreads(this.#heap, threads);
    this.#precision = precision;
    this.#training =
      trainingPrecision === 'auto' ? (library.hasFastBfloat16 ? 'bfloat16' : 'float32') : trainingPrecision;
    return {
      version: found.version,
      path: found.path,
      threads: runtime.areSet ? threads : null,
      trainingPrecision: this.#training,
    };
  }

  build(program: number, graph: FlatGraph, examples: readonly SentTensors[]): void {
    const library = this.#opened();
    const isQuantized = this.#precision === 'int8' && examples.length > 0;
    const ranges = isQuantized ? measuredRanges(library, graph, examples) : null;
    const precision = this.#precision === 'int8' && !isQuantized ? 'float32' : this.#precision;
    this.#programs.set(program, new Program(library, graph, precision, ranges === null ? {} : { ranges }));
    this.#outputs.set(
      program,
      new Map(graph.outputs.map(({ name, value }) => [name, graph.values[value]!.shape])),
    );
  }

  buildStep(program: number, graph: Uint8Array, isWhole: boolean): void {
    const library = this.#opened();
    const built = new Program(library, deserialize(graph) as FlatGraph, this.#training, {
      threads: this.#threads!,
      advances: isWhole,
    });
    this.#programs.set(program, built);
  }

  createState(state: number, entries: SentTensors): void {
    this.#states.create(state, entries);
  }

  readState(state: number, names: readonly string[] | null): SentTensors {
    return this.#states.read(state, names);
  }

  writeState(state: number, entries: SentTensors): void {
    this.#states.write(state, entries);
  }

  releaseState(state: number): void {
    this.#states.release(state);
  }

  runStep(part: StepPart, state: number, accumulator: number, feeds: SentTensors): SentTensors {
    const built = this.#programs.get(part.program);
    if (built === undefined) throw new Error('this step was disposed');
    const held = part.isFirst ? new Map<string, HostArray['data']>() : this.#between.get(accumulator)!;
    this.#between.set(accumulator, held);
    built.bind(state, this.#states.places(state));
    const inputs = new Map([...held, ...dataOf(feeds)]);
    for (const [name, data] of inputs) if (part.receives.includes(name)) held.set(name, data);
    const results = this.#turns!.during(() => this.#advanced(built, state, inputs));
    for (const name of part.drops) held.delete(name);
    const sent: Record<string, SentTensor> = {};
    for (const [name, data] of results) {
      if (name === METRICS_OUTPUT) {
        const rows = this.#accumulators.get(accumulator) ?? [];
        rows.push(data as Float32Array);
        this.#accumulators.set(accumulator, rows);
      } else if (part.sends.includes(name)) sent[name] = { shape: [data.length], data };
      else held.set(name, data);
    }
    if (part.isLast) {
      this.#states.replace(state, held);
      this.#between.delete(accumulator);
    }
    return sent;
  }

  /** Runs a program of a step, which replaces entries of the state one after the other: where it fails, the state is of no use. */
  #advanced(
    built: Program,
    state: number,
    inputs: Map<string, HostArray['data']>,
  ): Map<string, HostArray['data']> {
    try {
      return built.run(inputs);
    } catch (error) {
      if (built.advances) this.#states.spoil(state);
      throw error;
    }
  }

  readMetrics(accumulator: number): Float32Array {
    const rows = this.#accumulators.get(accumulator) ?? [];
    this.#accumulators.delete(accumulator);
    const all = new Float32Array(rows.reduce((sum, row) => sum + row.length, 0));
    let at = 0;
    for (const row of rows) {
      all.set(row, at);
      at += row.length;
    }
    return all;
  }

  held(): number {
    return this.#heap.used;
  }

  #opened(): Onednn {
    if (this.#library === null) throw new Error('the engine is not open');
    return this.#library;
  }

  run(program: number, inputs: SentTensors): SentTensors {
    const [built, shapes] = [this.#programs.get(program), this.#outputs.get(program)];
    if (built === undefined || shapes === undefined) throw new Error('this function was disposed');
    const results = this.#turns!.during(() => built.run(dataOf(inputs)));
    return Object.fromEntries(
      [...results].map(([name, data]) => [name, { shape: shapes.get(name)!, data }] as const),
    );
  }

  release(program: number): void {
    this.#programs.get(program)?.release();
    this.#programs.delete(program);
    this.#outputs.delete(program);
  }
}

const dataOf = (inputs: SentTensors): Map<string, HostArray['data']> =>
  new Map(Object.entries(inputs).map(([name, { data }]) => [name, data]));

/** Runs a program in float32 on examples, and measures the ranges of the inputs of its products. */
function measuredRanges(library: Onednn, graph: FlatGraph, examples: readonly SentTensors[]): Ranges {
  const measured: Ranges = new Map();
  const program = new Program(library, graph, 'float32', { measured });
  try {
    for (const inputs of examples) program.run(dataOf(inputs));
  } finally {
    program.release();
  }
  return measured;
}
