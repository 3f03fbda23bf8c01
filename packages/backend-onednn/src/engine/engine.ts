import { AncError } from '@anc/core';
import type { FlatGraph } from '../graph/flat-graph.js';
import { loadLibrary, type FoundLibrary } from '../library/find-library.js';
import { importKoffi } from '../library/koffi.js';
import { Onednn } from '../library/onednn.js';
import { Program } from './program.js';
import type { EngineCalls, EngineInfo, EngineOptions, SentTensors } from './protocol.js';

type Answers = {
  [K in keyof EngineCalls]: (
    ...args: Parameters<EngineCalls[K]>
  ) => Promise<ReturnType<EngineCalls[K]>> | ReturnType<EngineCalls[K]>;
};

/** The library and the programs that are compiled for it. */
export class Engine implements Answers {
  #library: Onednn | null = null;
  #precision: EngineOptions['precision'] = 'float32';
  readonly #programs = new Map<number, Program>();
  readonly #outputs = new Map<number, ReadonlyMap<string, readonly number[]>>();

  async open({ threads, precision }: EngineOptions): Promise<EngineInfo> {
    const koffi = await importKoffi();
    const found = loadLibrary(koffi, process.env);
    const set = setThreads(found, threads);
    const library = new Onednn(found, koffi);
    if (precision === 'bfloat16' && !library.hasBfloat16) {
      throw new AncError(
        'ANC_BACKEND_DEVICE',
        'backend "onednn": this processor does not compute with bfloat16.',
        {
          expected: 'an x86-64 processor with AVX512_BF16, AVX-VNNI-2 or AMX',
          hint: 'use precision=float32.',
        },
      );
    }
    this.#library = library;
    this.#precision = precision;
    return { version: found.version, path: found.path, threads: set ? threads : null };
  }

  build(program: number, graph: FlatGraph): void {
    if (this.#library === null) throw new Error('the engine is not open');
    this.#programs.set(program, new Program(this.#library, graph, this.#precision));
    this.#outputs.set(
      program,
      new Map(graph.outputs.map(({ name, value }) => [name, graph.values[value]!.shape])),
    );
  }

  run(program: number, inputs: SentTensors): SentTensors {
    const [built, shapes] = [this.#programs.get(program), this.#outputs.get(program)];
    if (built === undefined || shapes === undefined) throw new Error('this function was disposed');
    const results = built.run(new Map(Object.entries(inputs).map(([name, { data }]) => [name, data])));
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

/** Tells the library's OpenMP how many threads this thread's calls use; false where it has another runtime. */
function setThreads({ functions }: FoundLibrary, threads: number): boolean {
  try {
    functions.func('omp_set_num_threads', 'void', ['int'])(threads);
    return true;
  } catch {
    return false;
  }
}
