import { rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { OnnxBackend } from '@anc/backend-onnx';
import { AncError } from '@anc/core';
import { writeFileAtomically } from '@anc/runtime';
import { assertFree, readNamedFile, sha256, shownPath } from '../classifier/file.js';
import { findPlayer, type FoundPlayer } from '../classifier/find-player.js';
import { NORMALIZE_HELP, parseNormalize } from '../classifier/normalize.js';
import { isOnnx, openClassifier } from '../classifier/open-classifier.js';
import { loadWeights } from '../classifier/weights-file.js';
import type { Composition } from '../composition/compose.js';
import { joined } from '../config/flags.js';
import { onnxModel } from '../export/onnx.js';
import type { ExportSource } from '../export/source.js';
import { verifySame } from '../export/verify.js';
import { WorkError } from '../failure.js';
import { suggestion } from '../nearest.js';
import { versions } from '../run/versions.js';
import { formatCount } from '../terminal/table.js';
import { createTerminal } from '../terminal/terminal.js';
import type { DefineCommand } from './command.js';
import { loadComposition } from './load-composition.js';
import { namedOf } from './named-option.js';
import { pluginsOf } from './plugins-option.js';

interface ExportOptions {
  readonly format: string;
  readonly out?: string;
  readonly player?: string;
  readonly foldNormalization?: boolean;
  readonly layout: string;
  readonly features?: boolean;
  readonly model?: string;
  readonly normalize?: string;
  readonly plugins?: string;
  readonly config?: string;
  readonly json?: boolean;
}

const FORMATS = ['onnx'];

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
    .option('--model <name>', 'of weights that do not say it: which network they are of')
    .option('--normalize <how>', `${NORMALIZE_HELP}; default: as the weights say`)
    .option('--plugins <names>', 'packages or files that bring more', joined)
    .option('--config <file>', 'take `plugins` from a configuration file; default: anc.config.* here')
    .option('--json', 'print one JSON document')
    .action(async (what: string, options: ExportOptions) => {
      const { cwd } = session;
      const terminal = createTerminal(options.json === true, session);
      const format = oneOf(options.format, FORMATS, '--format');
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
      const target = await assertFree(options.out ?? defaultOut(weights, found, format), cwd);
      const source = await exportSource(weights, found, options, composition, cwd);
      if (source.normalization === null) {
        terminal.log.warn(
          'nothing says how the images are normalised: say it with --normalize, so that the file does.',
        );
      }
      const model = onnxModel(source, {
        layout,
        foldNormalization: options.foldNormalization === true,
        features: options.features === true,
      });
      try {
        await writeFileAtomically(target, model);
        const verified = await verifyOnnx(target, weights, options, source, composition, cwd);
        terminal.document({
          file: shownPath(target, cwd),
          format,
          bytes: model.length,
          sha256: sha256(model),
          model: source.model,
          ...(found === null ? {} : { run: found.run, player: found.player }),
          layout,
          normalization: source.normalization,
          folded: options.foldNormalization === true,
          classes: source.classNames ?? source.environment.classes,
          verified,
        });
        terminal.print(
          `${shownPath(target, cwd)}: ${formatCount(model.length)} bytes; read back, its logits differ by at most ` +
            `${verified.maxDifference.toExponential(1)} (largest logit ${verified.scale.toPrecision(3)}) on ${verified.images} images.`,
        );
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

const defaultOut = (weights: string, found: FoundPlayer | null, format: string): string =>
  join(
    dirname(weights),
    `${found === null ? basename(weights).replace(/\.[^.]+$/, '') : found.player === 'teacher' ? 'teacher' : 'student'}.${format}`,
  );

async function exportSource(
  file: string,
  found: FoundPlayer | null,
  { model, normalize }: ExportOptions,
  composition: Composition,
  cwd: string,
): Promise<ExportSource> {
  if (isOnnx(file)) {
    throw new AncError('ANC_EXPORT', `${file} is an ONNX model already.`, {
      expected: 'a run folder or a file of weights',
    });
  }
  const { path, bytes } = await readNamedFile(file, cwd);
  const loaded = await loadWeights(path, bytes, composition, {
    ...(model === undefined ? {} : { model: namedOf(model, '--model') }),
  });
  return {
    ...loaded,
    normalization:
      normalize === undefined ? loaded.normalization : parseNormalize(normalize, loaded.environment.input[2]),
    provenance: {
      ...(found === null ? {} : { run: found.run, player: found.player }),
      weightsSha256: sha256(bytes),
      program: `anc-cli ${versions()['anc-cli'] ?? ''}`.trim(),
    },
  };
}

/** Reads the file back as anyone would and compares; removes it where it differs. */
async function verifyOnnx(
  target: string,
  weights: string,
  { model, normalize }: ExportOptions,
  { environment }: ExportSource,
  composition: Composition,
  cwd: string,
) {
  const backend = await OnnxBackend.create();
  try {
    const open = (file: string) =>
      openClassifier(
        {
          file,
          cwd,
          images: environment.input,
          backend,
          ...(model === undefined || file === target ? {} : { model: namedOf(model, '--model') }),
          ...(normalize === undefined || file === target ? {} : { normalize }),
        },
        composition,
      );
    const written = await open(target);
    const original = await open(weights);
    return await verifySame(written.teacher, original.teacher, environment.input);
  } catch (error) {
    await rm(target, { force: true });
    throw error;
  } finally {
    await backend.dispose();
  }
}
