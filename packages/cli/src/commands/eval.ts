import { AncError } from '@anc/core';
import { formatCount, formatMetric, formatShare } from '@anc/pipeline/options';
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

interface EvalOptions extends CommonOptions, ModelFlags {
  readonly dataset?: string;
  readonly dataDir?: string;
  readonly limitTest?: string;
  readonly backend: string;
  readonly batchSize: string;
  readonly teacher?: string;
  readonly failUnder?: string;
  readonly offline?: boolean;
  readonly quiet?: boolean;
}

/** `eval <what>`: the test error of a trained network. */
export const defineEval: DefineCommand = (command, session) => {
  command
    .argument('<what>', 'a run folder, an ONNX model, e.g. "model.onnx(layout=nhwc)", or a file of weights')
    .option(
      '--dataset <name>',
      "dataset or folder of images to test on; default: the run's own test images, or what --data-dir holds",
    )
    .option('--data-dir <folder>', "folder with the dataset's files (also ANC_DATA_DIR)")
    .option('--limit-test <n>', 'use only the first n test images')
    .option('--model <name>', 'network of the weights, where the file does not name it')
    .option('--preprocessing <how>', `${PREPROCESSING}; default: as the file says`)
    .option('--backend <name>', 'backend', 'onnx')
    .option('--batch-size <n>', 'images per batch', '100')
    .option(
      '--teacher <what>',
      "measure the agreement with this run's or file's model; default: that of the run, where images have no labels",
    )
    .option(
      '--fail-under <metrics>',
      'smallest values for exit code 0, e.g. agreement=0.95,accuracy=0.9; the agreement is with the teacher of the run',
    );
  addCommonOptions(addSelectOption(command).option('--offline', 'download nothing'))
    .option('--quiet', 'show no progress')
    .action((what: string, options: EvalOptions) => evaluate(what, options, session));
};

async function evaluate(what: string, options: EvalOptions, session: Session): Promise<void> {
  const [pipeline, { namedOf }, { parseSizes }, { ProgressPrinter }, { reportTransfer }] = await Promise.all([
    import('@anc/pipeline'),
    import('./named-option.js'),
    import('./sizes.js'),
    import('../terminal/progress.js'),
    import('../terminal/report-transfer.js'),
  ]);
  const terminal = createTerminal(options.json === true, session);
  warnOfAliases(options, terminal);
  const batchSize = parseSizes(options.batchSize, '--batch-size', 1)[0]!;
  const { dataset, dataDir, limitTest } = options;
  const { teacher } = options;
  const failUnder = options.failUnder === undefined ? undefined : thresholdsOf(options.failUnder);
  const progress = new ProgressPrinter(terminal, options.quiet === true);
  const { notices, ...result } = await pipeline
    .evaluate(what, {
      ...(await modelFileOptions(options, session.cwd)),
      backend: namedOf(options.backend, '--backend'),
      ...(dataset === undefined ? {} : { images: dataset }),
      ...(dataDir === undefined ? {} : { dataDir }),
      ...(limitTest === undefined ? {} : { limitTest: parseSizes(limitTest, '--limit-test', 1)[0]! }),
      batchSize,
      ...(teacher === undefined ? {} : { teacher }),
      ...(failUnder === undefined ? {} : { failUnder }),
      fetching: { ...reportTransfer(progress), offline: options.offline === true },
      onProgress: (activity, done, count) => progress.show({ type: 'activity', what: activity, done, count }),
    })
    .finally(() => progress.close());
  notices.forEach((text) => terminal.log.warn(text));
  terminal.document(result);
  const { metricOf, taskOfDocument } = await import('@anc/pipeline/internal');
  const { metrics } = taskOfDocument(result);
  const measured = { ...result, testTop5Error: result.top5Error };
  const known = metrics.flatMap((metric) => {
    const value = metricOf(measured, metric);
    return value === null ? [] : [`${metric.label ?? metric.name} ${formatMetric(value, metric)}`];
  });
  const { agreement, missed = [] } = result;
  const agreed = agreement === undefined ? [] : [`agreement with the teacher ${formatShare(agreement)}`];
  const measures = [...known, ...agreed, `${formatCount(result.count)} images`].join(', ');
  const label = metrics[0].label ?? metrics[0].name;
  const without = `the images have no labels, so there is no ${label}`;
  const hint =
    agreement === undefined ? '; --teacher <run or file> measures the agreement with a teacher' : '';
  terminal.print(
    `${result.model} on ${result.dataset}: ${measures}${known.length === 0 ? ` (${without}${hint})` : ''}.`,
  );
  for (const { metric, least, value } of missed) {
    terminal.log.error(`${metric} is ${value ?? 'unknown'}, below ${least}.`);
  }
  if (missed.length > 0) session.exitWith(EXIT.failed);
}

/** `agreement=0.95,accuracy=0.9`. Throws `ANC_USAGE`. */
function thresholdsOf(text: string): Record<string, number> {
  const parts = text.split(',').map((part) => /^\s*([^=\s]+)\s*=\s*([0-9.eE+-]+)\s*$/.exec(part));
  const names = parts.map((part) => part?.[1]);
  if (parts.every((part) => part !== null) && new Set(names).size === names.length) {
    return Object.fromEntries(parts.map((part) => [part[1]!, Number(part[2])]));
  }
  throw new AncError('ANC_USAGE', '--fail-under: expected metrics with their smallest values, each once.', {
    expected: 'agreement=0.95,accuracy=0.9',
    received: text,
  });
}
