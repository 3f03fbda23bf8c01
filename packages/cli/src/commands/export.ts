import type { ExportOptions } from '@anc/pipeline';
import { formatCount, formatMetric, formatShare } from '@anc/pipeline/options';
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

interface ExportFlags extends CommonOptions, ModelFlags {
  readonly format: string;
  readonly out?: string;
  readonly foldNormalization?: boolean;
  readonly layout?: string;
  readonly features?: boolean;
  readonly int8?: boolean;
  readonly float16?: boolean;
  readonly calibration: string;
  readonly dataset?: string;
  readonly dataDir?: string;
  readonly limitTest?: string;
  readonly size?: string;
  readonly usage: boolean;
}

/** `export <run>`: a trained network as a file for other programs, verified after it is written. */
export const defineExport: DefineCommand = (command, session) => {
  command
    .argument('<what>', 'a run folder, or a file of weights')
    .option('--format <format>', 'onnx, safetensors, tfjs, keras', 'onnx')
    .option('--out <file>', 'file to write (tfjs: a new folder); default: beside the weights')
    .option('--fold-normalization', 'make the normalization part of the model: its input is bytes (0..255)')
    .option('--layout <order>', "axes of an ONNX model's input: nchw (default) or nhwc")
    .option('--features', 'make the features an output, too')
    .option('--int8', '8-bit weights and activations; reports the accuracy before and after')
    .option('--float16', 'half precision: half the bytes; inputs and outputs stay float32')
    .option('--calibration <n>', 'with --int8: number of training images that set the ranges', '128')
    .option('--dataset <name>', "images to check, calibrate and test the file with; default: the run's own")
    .option('--data-dir <folder>', "folder with the dataset's files (also ANC_DATA_DIR)")
    .option('--limit-test <n>', 'with --int8 and --float16: test on the first n test images only')
    .option('--no-usage', 'write no fixture and no programs that use the file beside it')
    .option('--size <shape>', 'size of the images, HxWxC, where the file of weights leaves it open')
    .option('--model <name>', 'network of the weights, where the file does not name it')
    .option('--preprocessing <how>', `${PREPROCESSING}; default: as the weights say`);
  addCommonOptions(addSelectOption(command)).action((what: string, options: ExportFlags) =>
    exportModel(what, options, session),
  );
};

async function exportModel(what: string, flags: ExportFlags, session: Session): Promise<void> {
  const [pipeline, { parseSizes }, { locating, fromFlags }] = await Promise.all([
    import('@anc/pipeline'),
    import('./sizes.js'),
    import('../config/locate.js'),
  ]);
  const terminal = createTerminal(flags.json === true, session);
  warnOfAliases(flags, terminal);
  const { format, out, layout, dataset, dataDir, limitTest } = flags;
  const options: ExportOptions = {
    ...(await modelFileOptions(flags, session.cwd)),
    format: format as NonNullable<ExportOptions['format']>,
    ...(flags.size === undefined
      ? {}
      : { input: parseSizes(flags.size, '--size', 3) as [number, number, number] }),
    ...(out === undefined ? {} : { to: out }),
    ...(layout === undefined ? {} : { layout: layout as NonNullable<ExportOptions['layout']> }),
    ...(flags.foldNormalization === undefined ? {} : { foldNormalization: flags.foldNormalization }),
    ...(flags.features === undefined ? {} : { features: flags.features }),
    ...(flags.int8 === undefined ? {} : { int8: flags.int8 }),
    ...(flags.float16 === undefined ? {} : { float16: flags.float16 }),
    usage: flags.usage,
    calibration: parseSizes(flags.calibration, '--calibration', 1)[0]!,
    ...(dataset === undefined ? {} : { images: dataset }),
    ...(dataDir === undefined ? {} : { dataDir }),
    ...(limitTest === undefined ? {} : { limitTest: parseSizes(limitTest, '--limit-test', 1)[0]! }),
    onNotice: (message) => terminal.log.warn(message),
  };
  const result = await locating(fromFlags, () => pipeline.exportModel(what, options));
  terminal.document(result);
  const { verified, int8, float16, bytes } = result;
  terminal.print(
    `${result.file}: ${formatCount(bytes)} bytes; read back, its logits differ by at most ` +
      `${verified.maxDifference.toExponential(1)} (largest logit ${verified.scale.toPrecision(3)}) on ` +
      `${verified.images} images${verified.ofData === 0 ? '' : `, ${verified.ofData} of them of the data`}.`,
  );
  if (result.usage !== undefined) {
    terminal.print(
      `${result.usage}: images with logits to check another runtime with, and programs that use the file.`,
    );
  }
  const converted = int8 ?? float16;
  if (converted === undefined) return;
  const { before, after, agreement, floatBytes } = converted;
  const bits = `${int8 === undefined ? 16 : 8} bits: `;
  const sizes = `${formatCount(floatBytes)} bytes before, ${formatCount(bytes)} after.`;
  if (before === undefined || after === undefined) {
    terminal.print(`${bits}${sizes}`);
    return;
  }
  const { metricOf, taskOfDocument } = await import('@anc/pipeline/internal');
  const [primary] = taskOfDocument(converted).metrics;
  const [old, now] = [before, after].map((score) => formatMetric(metricOf(score, primary), primary));
  terminal.print(
    `${bits}${primary.label ?? primary.name} ${old} before, ${now} after, ` +
      `the same prediction on ${formatShare(agreement ?? null)} of ${formatCount(after.count)} images; ${sizes}`,
  );
}
