import { formatCount, formatMetric } from '@anc/pipeline/options';
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
    .option('--batch-size <n>', 'images per batch', '100');
  addCommonOptions(addSelectOption(command)).action((what: string, options: EvalOptions) =>
    evaluate(what, options, session),
  );
};

async function evaluate(what: string, options: EvalOptions, session: Session): Promise<void> {
  const [pipeline, { namedOf }, { parseSizes }] = await Promise.all([
    import('@anc/pipeline'),
    import('./named-option.js'),
    import('./sizes.js'),
  ]);
  const terminal = createTerminal(options.json === true, session);
  warnOfAliases(options, terminal);
  const batchSize = parseSizes(options.batchSize, '--batch-size', 1)[0]!;
  const { dataset, dataDir, limitTest } = options;
  const { notices, ...result } = await pipeline.evaluate(what, {
    ...(await modelFileOptions(options, session.cwd)),
    backend: namedOf(options.backend, '--backend'),
    ...(dataset === undefined ? {} : { images: dataset }),
    ...(dataDir === undefined ? {} : { dataDir }),
    ...(limitTest === undefined ? {} : { limitTest: parseSizes(limitTest, '--limit-test', 1)[0]! }),
    batchSize,
  });
  notices.forEach((text) => terminal.log.warn(text));
  terminal.document(result);
  const { metricOf, taskOfDocument } = await import('@anc/pipeline/internal');
  const { metrics } = taskOfDocument(result);
  const measured = { ...result, testTop5Error: result.top5Error };
  const known = metrics.flatMap((metric) => {
    const value = metricOf(measured, metric);
    return value === null ? [] : [`${metric.label ?? metric.name} ${formatMetric(value, metric)}`];
  });
  const rates =
    known.length === 0 ? `the images have no labels, so there is no ${metrics[0].name}` : known.join(', ');
  terminal.print(`${result.model} on ${result.dataset}: ${rates}, ${formatCount(result.count)} images.`);
}
