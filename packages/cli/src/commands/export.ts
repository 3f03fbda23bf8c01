import { rm } from 'node:fs/promises';
import { foldConstants } from '@anc/backend-onnx';
import { AncError } from '@anc/core';
import { encodeSafetensors, loadVariables } from '@anc/formats';
import { assertFree, openNamedFile, sha256, sha256Of, writeNew } from '../classifier/file.js';
import type { FoundModel } from '../classifier/find-player.js';
import { namedImages } from '../classifier/images.js';
import { NORMALIZE_HELP, parseNormalize } from '../classifier/normalize.js';
import { isOnnx } from '../classifier/open-classifier.js';
import { loadWeights } from '../classifier/weights-file.js';
import type { Composition } from '../composition/compose.js';
import { joined } from '../config/flags.js';
import { assertSuited, defaultOut, FORMATS, type Format } from '../export/format.js';
import { graphModel, writeFolder } from '../export/graph-model.js';
import { quantized } from '../export/int8.js';
import { kerasModel } from '../export/keras.js';
import { onnxModel, type OnnxExportOptions } from '../export/onnx.js';
import { compareAccuracy, compareLogits } from '../export/reopen.js';
import { exportMetadata, type ExportSource } from '../export/source.js';
import { WorkError } from '../failure.js';
import { suggestion } from '../nearest.js';
import { versions } from '../run/versions.js';
import { asTensors } from '../run/weights.js';
import { shownPath } from '../terminal/shown-path.js';
import { formatCount, formatShare } from '../terminal/table.js';
import { createTerminal } from '../terminal/terminal.js';
import type { DefineCommand } from './command.js';
import { namedOf } from './named-option.js';
import { openModel } from './open-player.js';
import { parseSizes } from './sizes.js';

interface ExportOptions {
  readonly format: string;
  readonly out?: string;
  readonly player?: string;
  readonly foldNormalization?: boolean;
  readonly layout?: string;
  readonly features?: boolean;
  readonly int8?: boolean;
  readonly calibration: string;
  readonly dataset?: string;
  readonly dataDir?: string;
  readonly limitTest?: string;
  readonly model?: string;
  readonly normalize?: string;
  readonly plugins?: string;
  readonly config?: string;
  readonly json?: boolean;
}

/** `export <run>`: a trained network as a file for other programs, compared with itself once it is written. */
export const defineExport: DefineCommand = (command, session) => {
  command
    .argument('<what>', 'a run folder, or a file of weights')
    .option('--format <format>', FORMATS.join(', '), 'onnx')
    .option('--out <file>', 'where to write it (tfjs: a new folder); default: beside the weights')
    .option('--player <name>', "a student's name, or teacher; default: the student")
    .option('--fold-normalization', 'bytes (0..255) in: the normalisation becomes part of the model')
    .option('--layout <order>', "of an ONNX model's input: nchw (default) or nhwc")
    .option('--features', 'the features are an output, too')
    .option('--int8', 'weights and activations of 8 bits; accuracy before and after is reported')
    .option('--calibration <n>', 'with --int8: training images whose activations set the ranges', '128')
    .option('--dataset <name>', "with --int8: images to calibrate and test with; default: the run's own")
    .option('--data-dir <folder>', "where the dataset's files are (also ANC_DATA_DIR)")
    .option('--limit-test <n>', 'with --int8: test on the first n test images only')
    .option('--model <name>', 'of weights that do not say it: which network they are of')
    .option('--normalize <how>', `${NORMALIZE_HELP}; default: as the weights say`)
    .option('--plugins <names>', 'packages or files that bring more', joined)
    .option('--config <file>', 'take `plugins` from a configuration file; default: anc.config.* here')
    .option('--json', 'print one JSON document')
    .action(async (what: string, options: ExportOptions) => {
      const { cwd } = session;
      const terminal = createTerminal(options.json === true, session);
      const format = oneOf(options.format, FORMATS, '--format');
      assertSuited(options, format);
      if (isOnnx(what)) {
        throw new AncError('ANC_EXPORT', `${what} is an ONNX model already.`, {
          expected: 'a run folder or a file of weights',
        });
      }
      const layout = oneOf(options.layout ?? 'nchw', ['nchw', 'nhwc'] as const, '--layout');
      const { found, composition } = await openModel(what, options, cwd, terminal);
      const weights = found?.path ?? what;
      const target = await assertFree(
        options.out ?? defaultOut(weights, found, format, options.int8 === true),
        cwd,
      );
      const source = await exportSource(weights, found, options, composition, cwd);
      if (source.normalization === null) {
        terminal.log.warn(
          'nothing says how the images are normalised: say it with --normalize, so that the file does.',
        );
      }
      const shape = {
        layout,
        foldNormalization: options.foldNormalization === true,
        features: options.features === true,
      };
      const images = options.int8 === true ? await namedImages(options, found, composition) : null;
      const calibration = parseSizes(options.calibration, '--calibration', 1)[0]!;
      const made = await madeOf(format, source, shape);
      try {
        const model =
          images === null ? made.bytes : await quantized(made.bytes, source, shape, images, calibration);
        const written =
          made.files === null ? await writeOne(target, model) : await writeFolder(target, made.files);
        const opening = { cwd, ...openingOf(options) };
        const there = { target, format, weights, opening, source, shape };
        const verified = await checked(target, () =>
          compareLogits(there, composition, images === null ? undefined : Infinity),
        );
        const accuracy = images === null ? null : await compareAccuracy(there, images, composition);
        terminal.document({
          file: shownPath(target, cwd),
          format,
          ...written,
          model: source.model,
          ...(found === null ? {} : { run: found.run, player: found.name }),
          ...(format === 'onnx' ? { layout } : {}),
          normalization: source.normalization,
          folded: shape.foldNormalization,
          classes: source.classNames ?? source.environment.classes,
          verified,
          ...(accuracy === null ? {} : { int8: { calibration, floatBytes: made.bytes.length, ...accuracy } }),
        });
        terminal.print(
          `${shownPath(target, cwd)}: ${formatCount(written.bytes)} bytes; read back, its logits differ by at most ` +
            `${verified.maxDifference.toExponential(1)} (largest logit ${verified.scale.toPrecision(3)}) on ${verified.images} images.`,
        );
        if (accuracy !== null) {
          terminal.print(
            `8 bits: test error ${formatShare(accuracy.before.testError)} before, ${formatShare(accuracy.after.testError)} after, ` +
              `the same class on ${formatShare(accuracy.agreement)} of ${formatCount(accuracy.after.count)} images; ` +
              `${formatCount(made.bytes.length)} bytes before, ${formatCount(written.bytes)} after.`,
          );
        }
      } catch (error) {
        throw new WorkError(error);
      }
    });
};

function oneOf<const C extends string>(text: string, choices: readonly C[], flag: string): C {
  const found = choices.find((choice) => choice === text.toLowerCase());
  if (found !== undefined) return found;
  const hint = suggestion(text, choices);
  throw new AncError('ANC_USAGE', `${flag}: expected one of ${choices.join(', ')}.`, {
    received: text,
    ...(hint === null ? {} : { hint }),
  });
}

/** What was said of how the weights are read. */
const openingOf = ({ model, normalize }: ExportOptions) => ({
  ...(model === undefined ? {} : { model: namedOf(model, '--model') }),
  ...(normalize === undefined ? {} : { normalize }),
});

/** What is written: a folder's files, or the bytes of one. */
async function madeOf(format: Format, source: ExportSource, shape: OnnxExportOptions) {
  const one = (bytes: Uint8Array) => ({ files: null, bytes });
  switch (format) {
    case 'tfjs':
      return { files: graphModel(source, shape), bytes: new Uint8Array() };
    case 'keras':
      return one(await kerasModel(source, shape));
    case 'onnx':
      return one(foldConstants(onnxModel(source, shape)));
    case 'safetensors':
      return one(encodeSafetensors(asTensors(source.variables), exportMetadata(source)));
  }
}

async function writeOne(target: string, model: Uint8Array): Promise<{ bytes: number; sha256: string }> {
  await writeNew(target, model);
  return { bytes: model.length, sha256: sha256(model) };
}

async function exportSource(
  file: string,
  found: FoundModel | null,
  { model, normalize }: ExportOptions,
  composition: Composition,
  cwd: string,
): Promise<ExportSource> {
  const { path, source, close } = openNamedFile(file, cwd);
  try {
    const loaded = await loadWeights(path, source, composition, {
      ...(model === undefined ? {} : { model: namedOf(model, '--model') }),
    });
    return {
      ...loaded,
      variables: loadVariables(loaded.variables),
      normalization:
        normalize === undefined
          ? loaded.normalization
          : parseNormalize(normalize, loaded.environment.input[2]),
      provenance: {
        ...(found === null ? {} : { run: found.run, player: found.name }),
        weightsSha256: sha256Of(source),
        program: `anc-cli ${versions()['anc-cli'] ?? ''}`.trim(),
      },
    };
  } finally {
    close();
  }
}

/** Removes a file that is not what it should be. */
async function checked<T>(target: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    await rm(target, { force: true, recursive: true });
    throw error;
  }
}
