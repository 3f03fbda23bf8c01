import { AncError } from '@anc/core';
import type { PredictedClass, PredictResult } from '@anc/pipeline';
import { formatShare } from '@anc/pipeline/options';
import { EXIT } from '../terminal/failure.js';
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

interface PredictFlags extends CommonOptions, ModelFlags {
  readonly top: string;
  readonly csv?: string;
  readonly sheet?: string;
  readonly size?: string;
  readonly backend: string;
  readonly batchSize: string;
  readonly quiet?: boolean;
}

/** `predict <what> <images…>`: the classes of image files with their probabilities. */
export const definePredict: DefineCommand = (command, session) => {
  command
    .argument('<what>', 'a run folder, an ONNX model, e.g. "model.onnx(layout=nhwc)", or a file of weights')
    .argument('<images...>', 'image files, folders of images, or patterns such as "photos/*.jpg"')
    .option('--top <n>', 'number of classes to show for each image', '3')
    .option('--csv <file>', 'write a row for each image into a new CSV file; - is stdout')
    .option('--sheet <file>', 'write the images with their classes into a new PNG file')
    .option('--size <shape>', 'size of the images, HxWxC, where the model takes any')
    .option('--model <name>', 'network of the weights, where the file does not name it')
    .option('--preprocessing <how>', `${PREPROCESSING}; default: as the file says`)
    .option('--backend <name>', 'backend', 'onnx')
    .option('--batch-size <n>', 'images per batch', '32');
  addCommonOptions(addSelectOption(command))
    .option('--quiet', 'show no progress')
    .action((what: string, images: string[], flags: PredictFlags) => predict(what, images, flags, session));
};

async function predict(
  what: string,
  images: readonly string[],
  flags: PredictFlags,
  session: Session,
): Promise<void> {
  const [pipeline, internal, { namedOf }, { parseSizes }, { ProgressPrinter }] = await Promise.all([
    import('@anc/pipeline'),
    import('@anc/pipeline/internal'),
    import('./named-option.js'),
    import('./sizes.js'),
    import('../terminal/progress.js'),
  ]);
  const { cwd } = session;
  const { csv, sheet } = flags;
  const isCsvOnly = csv === '-';
  const terminal = createTerminal(flags.json === true, session);
  warnOfAliases(flags, terminal);
  if (isCsvOnly && flags.json === true) {
    throw new AncError('ANC_USAGE', '--csv - and --json both write to stdout.', {
      expected: 'one of them, or the name of a file for --csv',
    });
  }
  const table = csv === undefined || isCsvOnly ? null : await internal.assertFree(csv, cwd);
  const picture = sheet === undefined ? null : await internal.assertFree(sheet, cwd);
  const progress = new ProgressPrinter(terminal, flags.quiet === true);
  try {
    const { sheet: drawn, ...result } = await pipeline.predict(what, images, {
      ...(await modelFileOptions(flags, cwd)),
      backend: namedOf(flags.backend, '--backend'),
      top: parseSizes(flags.top, '--top', 1)[0]!,
      batchSize: parseSizes(flags.batchSize, '--batch-size', 1)[0]!,
      ...(flags.size === undefined
        ? {}
        : { input: parseSizes(flags.size, '--size', 3) as [number, number, number] }),
      sheet: picture !== null,
      onProgress: (done, count) => progress.show({ type: 'activity', what: 'images', done, count }),
    });
    progress.close();
    result.notices.forEach((text) => terminal.log.warn(text));
    if (table !== null) await internal.writeNew(table, csvOf(result));
    if (picture !== null) await internal.writePicture(picture, drawn!);
    if (picture !== null && result.images.length > internal.MOST_ON_SHEET) {
      terminal.log.warn(`${sheet!} shows the first ${internal.MOST_ON_SHEET} images.`);
    }
    terminal.document(result);
    if (isCsvOnly) session.stdout.write(csvOf(result));
    else {
      const { formatTable } = await import('../terminal/table.js');
      terminal.print(tableOf(result, internal.classLabel, formatTable));
    }
    for (const { image, reason } of result.failed) terminal.log.error(`${image}: ${reason}`);
    if (result.failed.length > 0) {
      const all = result.images.length + result.failed.length;
      terminal.log.error(`${result.failed.length} of ${all} images do not decode and have no prediction.`);
      session.exitWith(EXIT.failed);
    }
  } finally {
    progress.close();
  }
}

type Printed = Omit<PredictResult, 'sheet'>;

/** Classes of each image at most that the results have. */
const columnsOf = ({ images }: Printed): number => images[0]?.classes.length ?? 0;

function tableOf(
  result: Printed,
  labelOf: (one: PredictedClass) => string,
  formatTable: (head: readonly string[], rows: readonly (readonly string[])[]) => string,
): string {
  const ranks = Array.from({ length: columnsOf(result) }, (_, i) => i);
  return formatTable(
    ['image', ...ranks.map((rank) => (rank === 0 ? 'class' : `${rank + 1}.`))],
    result.images.map(({ image, classes }) => [
      image,
      ...classes.map((one) => `${labelOf(one)} ${formatShare(one.probability)}`),
    ]),
  );
}

/** A row for each image: its file, then classes and probabilities in turn (RFC 4180, lines end with LF). */
function csvOf(result: Printed): string {
  const head = Array.from({ length: columnsOf(result) }, (_, i) => {
    const suffix = i === 0 ? '' : `_${i + 1}`;
    return [`class${suffix}`, `probability${suffix}`];
  });
  const rows = result.images.map(({ image, classes }) => [
    image,
    ...classes.flatMap(({ name, index, probability }) => [name ?? String(index), probability.toFixed(6)]),
  ]);
  return [['image', ...head.flat()], ...rows].map((row) => `${row.map(quoted).join(',')}\n`).join('');
}

const quoted = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
