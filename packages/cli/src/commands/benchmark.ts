import { AncError } from '@anc/core';
import type { BenchmarkOptions, BenchmarkResult, BenchmarkRow } from '@anc/pipeline';
import { formatLarge, formatShare, splitTopLevel } from '@anc/pipeline/options';
import { createTerminal } from '../terminal/terminal.js';
import { addCommonOptions, type CommonOptions } from './common-options.js';
import type { DefineCommand, Session } from './command.js';
import {
  addSelectOption,
  modelFileOptions,
  PREPROCESSING,
  warnOfAliases,
  type ModelFlags,
} from './model-flags.js';

interface BenchmarkFlags extends CommonOptions, ModelFlags {
  readonly backend: string;
  readonly batchSize: string;
  readonly precision: string;
  readonly seconds: string;
  readonly memory: boolean;
  readonly dataset?: string;
  readonly dataDir?: string;
  readonly limitTest: string;
  readonly size?: string;
  readonly quiet?: boolean;
}

/** `benchmark <what…>`: how fast, how large and how faithful models are, side by side. */
export const defineBenchmark: DefineCommand = (command, session) => {
  command
    .argument('<what...>', 'run folders (teacher and student), ONNX models, files of weights')
    .option('--backend <names>', 'backends to measure on, e.g. onnx,tfjs:wasm or "onnx(threads=1)"', 'onnx')
    .option('--batch-size <sizes>', 'sizes of batches, in increasing order', '1,32')
    .option('--precision <names>', 'precisions in ONNX Runtime', 'float32,float16,int8')
    .option('--seconds <n>', 'time for each row and size of batch', '2')
    .option('--no-memory', 'do not measure memory, which takes a process for each row')
    .option(
      '--dataset <name>',
      "images for the ranges of int8 and for the agreement; default: the run's own, else noise",
    )
    .option('--data-dir <folder>', "folder with the dataset's files (also ANC_DATA_DIR)")
    .option('--limit-test <n>', 'images for the agreement at most', '200')
    .option('--size <shape>', 'size of the images, HxWxC, where a model takes any')
    .option('--model <name>', 'network of weights, where the file does not name it')
    .option('--preprocessing <how>', `${PREPROCESSING}; default: as the file says`);
  addCommonOptions(addSelectOption(command))
    .option('--quiet', 'show no progress')
    .action((what: string[], flags: BenchmarkFlags) => benchmark(what, flags, session));
};

async function benchmark(what: readonly string[], flags: BenchmarkFlags, session: Session): Promise<void> {
  const [pipeline, { namedOf }, { parseSizes }, { ProgressPrinter }] = await Promise.all([
    import('@anc/pipeline'),
    import('./named-option.js'),
    import('./sizes.js'),
    import('../terminal/progress.js'),
  ]);
  const terminal = createTerminal(flags.json === true, session);
  warnOfAliases(flags, terminal);
  const { dataset, dataDir } = flags;
  const progress = new ProgressPrinter(terminal, flags.quiet === true);
  const options: BenchmarkOptions = {
    ...(await modelFileOptions(flags, session.cwd)),
    backends: splitTopLevel(flags.backend).map((name) => namedOf(name, '--backend')),
    batchSizes: splitTopLevel(flags.batchSize).map((size) => parseSizes(size, '--batch-size', 1, 65_536)[0]!),
    precisions: precisionsOf(flags.precision),
    seconds: secondsOf(flags.seconds),
    memory: flags.memory,
    limitTest: parseSizes(flags.limitTest, '--limit-test', 1)[0]!,
    ...(dataset === undefined ? {} : { images: dataset }),
    ...(dataDir === undefined ? {} : { dataDir }),
    ...(flags.size === undefined
      ? {}
      : { input: parseSizes(flags.size, '--size', 3) as [number, number, number] }),
    onProgress: (activity, done, count) => progress.show({ type: 'activity', what: activity, done, count }),
  };
  try {
    const { notices, ...result } = await pipeline.benchmark(what, options);
    progress.close();
    notices.forEach((text) => terminal.log.warn(text));
    terminal.document({ ...result, notices });
    const { formatTable } = await import('../terminal/table.js');
    terminal.print(describe(result, formatTable));
  } finally {
    progress.close();
  }
}

type Precisions = NonNullable<BenchmarkOptions['precisions']>;
const PRECISIONS: Precisions = ['float32', 'float16', 'int8'];

function precisionsOf(text: string): Precisions {
  const names = splitTopLevel(text);
  const known = PRECISIONS.filter((one) => names.includes(one));
  if (known.length === names.length && known.includes('float32')) return known;
  throw new AncError('ANC_USAGE', '--precision: expected float32, and float16 and int8 beside it.', {
    received: text,
  });
}

function secondsOf(text: string): number {
  const seconds = Number(text);
  if (seconds > 0 && seconds <= 600) return seconds;
  throw new AncError('ANC_USAGE', '--seconds: expected a number above 0, up to 600.', { received: text });
}

function describe(
  { machine, rows, notes, batchSizes, dataset, images }: Omit<BenchmarkResult, 'notices'>,
  formatTable: (head: readonly string[], rows: readonly (readonly string[])[]) => string,
): string {
  const backends = [...new Set(rows.map(({ backend }) => backend))];
  const several = new Set(rows.map(({ of }) => of)).size > 1;
  const isMeasured = (key: 'memory' | 'agreement' | 'flops'): boolean =>
    rows.some((row) => row[key] !== null);
  const columns: readonly (readonly [string, (row: BenchmarkRow) => string])[] = [
    ['model', ({ model, of }) => (several && model !== of ? `${of}: ${model}` : model)],
    ['precision', ({ precision }) => precision],
    ...(backends.length > 1 ? [['backend', ({ backend }: BenchmarkRow) => backend] as const] : []),
    ['parameters', ({ parameters }) => large(parameters)],
    ...(isMeasured('flops') ? [['FLOPs', ({ flops }: BenchmarkRow) => large(flops)] as const] : []),
    ['bytes', ({ bytes }) => large(bytes)],
    ...(isMeasured('memory') ? [['memory', ({ memory }: BenchmarkRow) => large(memory)] as const] : []),
    ...batchSizes.flatMap((size, i) => [
      [`p50 of ${size}, ms`, ({ batches }: BenchmarkRow) => batches[i]!.p50.toPrecision(3)] as const,
      ['p95', ({ batches }: BenchmarkRow) => batches[i]!.p95.toPrecision(3)] as const,
      ['images/s', ({ batches }: BenchmarkRow) => large(batches[i]!.imagesPerSecond)] as const,
    ]),
    ...(isMeasured('agreement')
      ? [
          [
            'agreement',
            (row: BenchmarkRow) => (row.agreement === null ? '–' : formatShare(row.agreement)),
          ] as const,
        ]
      : []),
  ];
  const first = rows[0]!;
  return [
    `${machine.processor}, Node ${machine.node}, ${backends.join(' and ')}`,
    formatTable(
      columns.map(([head]) => head),
      rows.map((row) => columns.map(([, cell]) => cell(row))),
    ),
    ...(isMeasured('agreement')
      ? [
          `agreement: with ${first.model} (${first.precision}, ${first.backend}) on ${images} images of ${dataset!}`,
        ]
      : []),
    ...notes.map((note) => `note: ${note}`),
  ].join('\n');
}

const large = (value: number | null): string => (value === null ? '–' : formatLarge(value));
