import { rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { foldConstants, OnnxBackend } from '@anc/backend-onnx';
import { AncError, encodeSafetensors, loadVariables, score, topClasses } from '@anc/core';
import { writeFileAtomically } from '@anc/runtime';
import { assertFree, openNamedFile, sha256, sha256Of, shownPath } from '../classifier/file.js';
import { findPlayer, type FoundPlayer } from '../classifier/find-player.js';
import { namedImages, type NamedImages } from '../classifier/images.js';
import { pairClasses } from '../classifier/labels.js';
import { NORMALIZE_HELP, parseNormalize } from '../classifier/normalize.js';
import { isOnnx, openClassifier, type Classifier } from '../classifier/open-classifier.js';
import { scoreClassifier, teacherLogits } from '../classifier/score.js';
import { loadWeights } from '../classifier/weights-file.js';
import type { Composition } from '../composition/compose.js';
import { joined } from '../config/flags.js';
import { quantized } from '../export/int8.js';
import { onnxModel } from '../export/onnx.js';
import { exportMetadata, type ExportSource } from '../export/source.js';
import { verifySame } from '../export/verify.js';
import { WorkError } from '../failure.js';
import { suggestion } from '../nearest.js';
import { versions } from '../run/versions.js';
import { asTensors } from '../run/weights.js';
import { formatCount, formatShare } from '../terminal/table.js';
import { createTerminal } from '../terminal/terminal.js';
import type { DefineCommand } from './command.js';
import { loadComposition } from './load-composition.js';
import { namedOf } from './named-option.js';
import { pluginsOf } from './plugins-option.js';
import { parseSizes } from './sizes.js';

interface ExportOptions {
  readonly format: string;
  readonly out?: string;
  readonly player?: string;
  readonly foldNormalization?: boolean;
  readonly layout: string;
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

const FORMATS = ['onnx', 'safetensors'] as const;

/** `export <run>`: a trained network as a file for other programs, compared with itself once it is written. */
export const defineExport: DefineCommand = (command, session) => {
  command
    .argument('<what>', 'a run folder, or a file of weights')
    .option('--format <format>', FORMATS.join(', '), 'onnx')
    .option('--out <file>', 'where to write it; default: beside the weights')
    .option('--player <name>', "a student's name, or teacher; default: the student")
    .option('--fold-normalization', 'bytes (0..255) in: the normalisation becomes part of the model')
    .option('--layout <order>', 'of the input: nchw or nhwc', 'nchw')
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
      const layout = oneOf(options.layout, ['nchw', 'nhwc'] as const, '--layout');
      const found = await findPlayer(what, options.player, cwd);
      const composition = await loadComposition(
        [...new Set([...(await pluginsOf(options, cwd)), ...(found?.config.plugins ?? [])])],
        cwd,
      );
      if (found !== null && found.among.length > 0) {
        terminal.log.info(
          `the student "${found.player}" of ${found.among.join(', ')}; choose with --player.`,
        );
      }
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
      const float =
        format === 'onnx'
          ? foldConstants(onnxModel(source, shape))
          : encodeSafetensors(asTensors(source.variables), exportMetadata(source));
      try {
        const model = images === null ? float : await quantized(float, source, shape, images, calibration);
        await writeFileAtomically(target, model);
        const open = opener(target, weights, options, source, composition, cwd);
        const verified = await checked(target, () => open.compare(images !== null));
        const accuracy = images === null ? null : await open.accuracy(images);
        terminal.document({
          file: shownPath(target, cwd),
          format,
          bytes: model.length,
          sha256: sha256(model),
          model: source.model,
          ...(found === null ? {} : { run: found.run, player: found.player }),
          ...(format === 'onnx' ? { layout } : {}),
          normalization: source.normalization,
          folded: shape.foldNormalization,
          classes: source.classNames ?? source.environment.classes,
          verified,
          ...(accuracy === null ? {} : { int8: { calibration, floatBytes: float.length, ...accuracy } }),
        });
        terminal.print(
          `${shownPath(target, cwd)}: ${formatCount(model.length)} bytes; read back, its logits differ by at most ` +
            `${verified.maxDifference.toExponential(1)} (largest logit ${verified.scale.toPrecision(3)}) on ${verified.images} images.`,
        );
        if (accuracy !== null) {
          terminal.print(
            `8 bits: test error ${formatShare(accuracy.before.testError)} before, ${formatShare(accuracy.after.testError)} after, ` +
              `the same class on ${formatShare(accuracy.agreement)} of ${formatCount(accuracy.after.count)} images; ` +
              `${formatCount(float.length)} bytes before, ${formatCount(model.length)} after.`,
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

/** Throws `ANC_USAGE` on options that the format does not have, and on a name that says another. */
function assertSuited(options: ExportOptions, format: (typeof FORMATS)[number]): void {
  const { out, int8, foldNormalization, features } = options;
  const stray =
    format === 'onnx'
      ? undefined
      : Object.entries({
          '--int8': int8,
          '--fold-normalization': foldNormalization,
          '--features': features,
        }).find(([, value]) => value === true)?.[0];
  if (stray !== undefined) {
    throw new AncError('ANC_USAGE', `${stray}: only ONNX models can have this.`, {
      received: `--format ${format}`,
    });
  }
  if (out === undefined || out.endsWith(`.${format}`)) return;
  throw new AncError('ANC_USAGE', '--out: the name says another format.', {
    expected: `a name that ends in .${format}`,
    received: out,
  });
}

const defaultOut = (weights: string, found: FoundPlayer | null, format: string, int8: boolean): string =>
  join(
    dirname(weights),
    `${found === null ? basename(weights).replace(/\.[^.]+$/, '') : found.player === 'teacher' ? 'teacher' : 'student'}${int8 ? '.int8' : ''}.${format}`,
  );

async function exportSource(
  file: string,
  found: FoundPlayer | null,
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
        ...(found === null ? {} : { run: found.run, player: found.player }),
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
    await rm(target, { force: true });
    throw error;
  }
}

/** Reads the written file back as anyone would, beside the network that it was made of. */
function opener(
  target: string,
  weights: string,
  { model, normalize }: ExportOptions,
  { environment }: ExportSource,
  composition: Composition,
  cwd: string,
) {
  const both = async <T>(work: (written: Classifier, original: Classifier) => Promise<T>): Promise<T> => {
    const backend = await OnnxBackend.create();
    try {
      const shared = { cwd, images: environment.input, backend };
      const own = {
        ...(model === undefined ? {} : { model: namedOf(model, '--model') }),
        ...(normalize === undefined ? {} : { normalize }),
      };
      const written = await openClassifier({ ...shared, file: target }, composition);
      return await work(written, await openClassifier({ ...shared, file: weights, ...own }, composition));
    } finally {
      await backend.dispose();
    }
  };
  return {
    /** Throws `ANC_EXPORT` where the two give other logits; `rounded`: of 8 bits, where they do. */
    compare: (rounded: boolean) =>
      both((written, original) =>
        verifySame(written.teacher, original.teacher, environment.input, rounded ? Infinity : undefined),
      ),
    /** Test errors of the network and of what was written, and how often they agree. */
    accuracy: (images: NamedImages) =>
      both(async (written, original) => {
        const split = await images.test();
        const options = { batchSize: 100, classMap: pairClasses(weights, original, images.dataset) };
        const classes = async ({ teacher }: Classifier): Promise<Int32Array> =>
          topClasses(await teacherLogits(teacher, split, options.batchSize));
        const [a, b] = [await classes(original), await classes(written)];
        return {
          before: await scoreClassifier(original.teacher, split, options),
          after: await scoreClassifier(written.teacher, split, options),
          agreement: score(b, null, a).agreement,
        };
      }),
  };
}
