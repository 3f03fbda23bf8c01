import type { Backend } from '@anc/core';
import { namedImages } from '../classifier/images.js';
import { pairClasses } from '../classifier/labels.js';
import { namedFile } from '../classifier/named-file.js';
import { NORMALIZE_HELP } from '../classifier/normalize.js';
import { openClassifier } from '../classifier/open-classifier.js';
import { scoreClassifier } from '../classifier/score.js';
import { joined } from '../config/flags.js';
import { describeNamed } from '../config/named.js';
import { WorkError } from '../failure.js';
import { formatCount, formatShare } from '../terminal/table.js';
import { createTerminal } from '../terminal/terminal.js';
import type { DefineCommand } from './command.js';
import { namedOf } from './named-option.js';
import { openModel } from './open-player.js';
import { parseSizes } from './sizes.js';

interface EvalOptions {
  readonly dataset?: string;
  readonly dataDir?: string;
  readonly limitTest?: string;
  readonly player?: string;
  readonly model?: string;
  readonly normalize?: string;
  readonly backend: string;
  readonly batchSize: string;
  readonly plugins?: string;
  readonly config?: string;
  readonly json?: boolean;
}

/** `eval <what>`: a trained network's error on a dataset's test images. */
export const defineEval: DefineCommand = (command, session) => {
  command
    .argument('<what>', 'a run folder, an ONNX model, e.g. "model.onnx(layout=nhwc)", or a file of weights')
    .option('--dataset <name>', "what to test on; default: the run's own test images")
    .option('--data-dir <folder>', "where the dataset's files are (also ANC_DATA_DIR)")
    .option('--limit-test <n>', 'the first n test images only')
    .option('--player <name>', "of a run: a student's name, or teacher; default: the student")
    .option('--model <name>', 'of weights that do not say it: which network they are of')
    .option('--normalize <how>', `${NORMALIZE_HELP}; default: as the file says`)
    .option('--backend <name>', 'what computes', 'onnx')
    .option('--batch-size <n>', 'images at a time', '100')
    .option('--plugins <names>', 'packages or files that bring more', joined)
    .option('--config <file>', 'take `plugins` from a configuration file; default: anc.config.* here')
    .option('--json', 'print one JSON document')
    .action(async (what: string, options: EvalOptions) => {
      const { cwd } = session;
      const terminal = createTerminal(options.json === true, session);
      const batchSize = parseSizes(options.batchSize, '--batch-size', 1)[0]!;
      const { found, composition } = await openModel(what, options, cwd, terminal);
      const images = await namedImages(options, found, composition);
      const { dataset, named } = images;
      const split = await images.test();
      const backend: Backend = await composition.registries.backends.create(
        namedOf(options.backend, '--backend'),
        undefined,
      );
      try {
        const classifier = await openClassifier(
          {
            ...(found === null ? await namedFile(what) : { file: found.path }),
            cwd,
            images: dataset.shape,
            backend,
            ...(options.model === undefined ? {} : { model: namedOf(options.model, '--model') }),
            ...(options.normalize === undefined ? {} : { normalize: options.normalize }),
          },
          composition,
        );
        try {
          classifier.notices.forEach((text) => terminal.log.warn(text));
          const classMap = pairClasses(what, classifier, dataset);
          const score = await scoreClassifier(classifier.teacher, split, { batchSize, classMap }).catch(
            (error: unknown) => {
              throw new WorkError(error);
            },
          );
          terminal.document({
            ...score,
            model: classifier.model,
            ...(found === null ? {} : { run: found.run, player: found.name }),
            dataset: describeNamed(named),
            backend: backend.name,
            classes: classifier.classes,
            parameters: classifier.parameters,
            normalization: classifier.normalization,
            sha256: classifier.digest,
          });
          const rates =
            score.testError === null
              ? 'the images have no labels, so there is no error'
              : `test error ${formatShare(score.testError)}, top-5 error ${formatShare(score.top5Error)}`;
          terminal.print(
            `${classifier.model} on ${describeNamed(named)}: ${rates}, ${formatCount(score.count)} images.`,
          );
        } finally {
          await classifier.dispose();
        }
      } finally {
        await backend.dispose();
      }
    });
};
