import { AncError, type Backend } from '@anc/core';
import { processorName } from '@anc/core/internal';
import { BenchmarkImages } from '../benchmark/benchmark-images.js';
import { measureInterleaved, type MeasuredBatch } from '../measurement/measure.js';
import { benchmarkModels, namedApart, type BenchmarkModel } from '../benchmark/models.js';
import { openRows } from '../benchmark/open-rows.js';
import { benchmarkNotes, type BenchmarkRow, type OpenRow } from '../benchmark/rows.js';
import { afterWorkBegan } from '../events/work-error.js';
import { PRECISIONS, type Precision } from '../export/format.js';
import { memoryOf } from '../memory/memory.js';
import {
  asNamed,
  MODEL_FILE_OPTIONS,
  openBackend,
  openCall,
  readingOf,
  type ModelFileOptions,
} from './model-call.js';
import { assertKnown, assertPaths, type OptionNames } from './known-options.js';
import { callOf } from './call.js';
import type { BackendInput, DatasetInput } from './values.js';

export interface BenchmarkOptions extends Omit<ModelFileOptions, 'backend'> {
  /** Backends to measure on; default: `onnx`. */
  readonly backends?: readonly BackendInput[];
  /** Sizes of batches; default: 1 and 32. */
  readonly batchSizes?: readonly number[];
  /** Precisions in ONNX Runtime; default: all three. */
  readonly precisions?: readonly Precision[];
  /** Seconds for each row and size of batch; default: 2. */
  readonly seconds?: number;
  /** Whether memory is measured, each row in a process of its own; default: yes. */
  readonly memory?: boolean;
  /** Images for calibration and agreement; default: those of the run. Others are noise, which has no agreement. */
  readonly images?: DatasetInput;
  /** Folder of the dataset's files. */
  readonly dataDir?: string;
  /** Images for the agreement at most; default: 200. */
  readonly limitTest?: number;
  /** Called with what is done next. */
  readonly onProgress?: (what: string, done: number, count: number) => void;
}

const { backend: _, ...READING } = MODEL_FILE_OPTIONS;
const BENCHMARK_OPTIONS: OptionNames<BenchmarkOptions> = {
  ...READING,
  backends: true,
  batchSizes: true,
  precisions: true,
  seconds: true,
  memory: true,
  images: true,
  dataDir: true,
  limitTest: true,
  onProgress: true,
};

/** The JSON document of `benchmark`. Times are in milliseconds, sizes in bytes. */
export interface BenchmarkResult {
  /** The processor with its threads, and the version of Node. */
  readonly machine: { readonly processor: string; readonly node: string };
  /** Sizes of batches. */
  readonly batchSizes: readonly number[];
  /** Name of the dataset that agreement was measured on; null: noise was predicted. */
  readonly dataset: string | null;
  /** Images that agreement was measured on. */
  readonly images: number;
  /** One for every model, precision and backend, in the order in which they were asked for. */
  readonly rows: readonly BenchmarkRow[];
  /** What the measurement says of a deployment. */
  readonly notes: readonly string[];
  /** What a person should know of how the models were read. */
  readonly notices: readonly string[];
}

/**
 * Measures how fast, how large and how faithful models are: of a run its teacher and its student, of a file its model, each
 * with several precisions and on several backends, side by side.
 *
 * @param what run folders, ONNX models and files of weights
 * @throws `ANC_CONFIG` for options that make no sense, and what reading models and opening backends throws
 */
export async function benchmark(
  what: string | readonly string[],
  options: BenchmarkOptions = {},
): Promise<BenchmarkResult> {
  assertKnown(options, BENCHMARK_OPTIONS);
  const { batchSizes = [1, 32], precisions = PRECISIONS, seconds = 2, memory = true, onProgress } = options;
  const { limitTest = 200, backends = ['onnx'], signal } = options;
  assertOptions({ batchSizes, precisions, seconds, limitTest, backends });
  assertPaths(what, 'models');
  const all = [what].flat();
  if (all.length === 0)
    throw new AncError('ANC_USAGE', 'no model was given.', { expected: 'a run or a file' });
  const notices: string[] = [];
  const notice = (text: string): void => {
    if (!notices.includes(text)) notices.push(text);
  };
  const inputs: { readonly what: string; readonly models: BenchmarkModel[] }[] = [];
  let first: Awaited<ReturnType<typeof openCall>> | null = null;
  for (const one of all) {
    const call = await openCall(one, options);
    first ??= call;
    const request = { what: one, cwd: call.cwd, notice, ...readingOf(options) };
    inputs.push({ what: one, models: await benchmarkModels(request, call.composition) });
  }
  const models = namedApart(inputs);
  const { composition, cwd, images: named } = first!;
  const request = {
    ...(named && { dataset: named }),
    ...(options.dataDir === undefined ? {} : { dataDir: options.dataDir }),
    ...{ limitTest, cwd, notice, fetching: callOf(options).fetching },
  };
  const data = await new BenchmarkImages(models, request, composition).open();
  const opened: { readonly backend: Backend; close(): Promise<void> }[] = [];
  const rows: { readonly row: OpenRow; readonly input: BackendInput }[] = [];
  try {
    for (const input of backends) opened.push(await openBackend(input, composition));
    const opening = {
      precisions,
      notice,
      calibration: (input: BenchmarkModel['input']) => data.calibration(input),
    };
    for (const [i, { backend }] of opened.entries()) {
      for (const model of models) {
        onProgress?.(`opening ${model.name}`, rows.length, rows.length + 1);
        for (const row of await openRows(model, backend, opening)) rows.push({ row, input: backends[i]! });
      }
    }
    return await measured();
  } catch (error) {
    throw rows.length === 0 ? error : afterWorkBegan(error);
  } finally {
    for (const { row } of rows) await row.dispose();
    for (const { close } of opened) await close();
  }

  async function measured(): Promise<BenchmarkResult> {
    const memories: (number | null)[] = [];
    for (const [i, { row, input }] of rows.entries()) {
      signal?.throwIfAborted();
      onProgress?.('memory', i, rows.length);
      const plugins = (options.plugins ?? []).filter((plugin) => typeof plugin === 'string');
      const isNamed = typeof input === 'string' || !('compile' in input);
      const apart = {
        backend: isNamed ? asNamed(input, ['backend']) : asNamed('onnx', ['backend']),
        plugins,
        batchSizes,
      };
      memories.push(memory && isNamed ? await memoryOf(row, apart, cwd) : null);
    }
    onProgress?.('agreement', 0, 1);
    const agreements = await data.agreements(rows.map(({ row }) => row));
    const batches: MeasuredBatch[][] = [];
    for (const [i, size] of batchSizes.entries()) {
      onProgress?.(`batches of ${size}`, i, batchSizes.length);
      const inputs = await Promise.all(rows.map(({ row }) => data.batch(row.input, size)));
      batches.push(
        await measureInterleaved(
          rows.map(({ row }) => row),
          inputs,
          { seconds, ...(signal && { signal }) },
        ),
      );
    }
    const found = rows.map(({ row }, i): BenchmarkRow => {
      const { model, of, precision, backend, parameters, flops, bytes } = row;
      return {
        ...{ model, of, precision, backend, parameters, flops, bytes },
        memory: memories[i]!,
        agreement: agreements[i]!,
        batches: batches.map((size) => size[i]!),
      };
    });
    return {
      machine: { processor: processorName(), node: process.version },
      batchSizes,
      dataset: data.name,
      images: data.count,
      rows: found,
      notes: benchmarkNotes(found),
      notices,
    };
  }
}

function assertOptions({
  batchSizes,
  precisions,
  seconds,
  limitTest,
  backends,
}: Required<
  Pick<BenchmarkOptions, 'batchSizes' | 'precisions' | 'seconds' | 'limitTest' | 'backends'>
>): void {
  const whole = (value: number): boolean => Number.isInteger(value) && value >= 1;
  const problems: readonly (readonly [string, boolean, string, unknown])[] = [
    [
      'batchSizes',
      batchSizes.length > 0 && batchSizes.every(whole),
      'whole numbers of at least 1',
      batchSizes,
    ],
    ['precisions', precisions.includes('float32') && precisions.every((one) => PRECISIONS.includes(one)), `some of ${PRECISIONS.join(', ')}, float32 among them`, precisions], // prettier-ignore
    ['seconds', seconds > 0 && seconds <= 600, 'a number above 0, up to 600', seconds],
    ['limitTest', whole(limitTest), 'a whole number of at least 1', limitTest],
    ['backends', backends.length > 0, 'at least one backend', backends],
  ];
  for (const [name, fits, expected, received] of problems) {
    if (fits) continue;
    throw new AncError('ANC_CONFIG', `${name}: expected ${expected}.`, {
      received: String(received),
      path: [name],
    });
  }
}
