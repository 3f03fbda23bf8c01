import { halfPrecision } from '@anc/backend-onnx';
import { AncError } from '@anc/core';
import { namedFile, type NamedFile } from '../classifier/classifier-file.js';
import { isOnnx } from '../classifier/open-classifier.js';
import { imageSize } from '../data/image-size.js';
import { afterWorkBegan } from '../events/work-error.js';
import { checkImages } from '../export/check-images.js';
import { exportSource } from '../export/export-source.js';
import { assertSuited, defaultOut, FORMATS, type Format, type Precision } from '../export/format.js';
import { writeFolder } from '../export/graph-model.js';
import { quantized } from '../export/int8.js';
import { madeOf, writeOne } from '../export/made-model.js';
import { compareAccuracy, compareLogits, type ComparedAccuracy } from '../export/reopen.js';
import type { ExportSource } from '../export/source.js';
import { placedTogether } from '../export/usage/placed-together.js';
import { exportUsage } from '../export/usage/export-usage.js';
import { assertUsageFree, usageFolder } from '../export/usage/usage-folder.js';
import { toleranceOf, type Verified } from '../export/verify.js';
import { assertFree } from '../files/named-file.js';
import { suggestion } from '../text/nearest.js';
import type { Named } from '../text/named.js';
import { shownPath } from '../text/shown-path.js';
import {
  MODEL_FILE_OPTIONS,
  openCall,
  readingOf,
  shapeOfModel,
  type ModelFileOptions,
} from './model-call.js';
import { assertKnown, type OptionNames } from './known-options.js';
import { type TrainedModel } from './trained-model.js';
import type { DatasetInput } from './values.js';

/** Options of `exportModel`. */
export interface ExportOptions extends Omit<ModelFileOptions, 'backend'> {
  /** Default: `onnx`. */
  readonly format?: Format;
  /** File to write (tfjs: a new folder); default: beside the weights. Required for models in memory. */
  readonly to?: string;
  /** Bytes (0..255) in: the normalization becomes part of the model. */
  readonly foldNormalization?: boolean;
  /** Axes of an ONNX model's input; default: `nchw`. */
  readonly layout?: 'nchw' | 'nhwc';
  /** The features are an output, too. */
  readonly features?: boolean;
  /** 8-bit weights and activations; `calibration`: training images whose activations set the ranges, default 128. */
  readonly int8?: boolean;
  /** Training images whose activations set the ranges of an 8-bit model; default: 128. */
  readonly calibration?: number;
  /** Half precision: weights and values between layers are float16, inputs and outputs stay float32. */
  readonly float16?: boolean;
  /** Images to calibrate and test a converted model with; default: the run's own. */
  readonly images?: DatasetInput;
  /** Folder of the dataset's files. */
  readonly dataDir?: string;
  /** Test images to measure an 8-bit or half-precision model with at most; default: all. */
  readonly limitTest?: number;
  /** Whether a fixture and programs that use the file are written beside it; default: yes. */
  readonly usage?: boolean;
  /** Called with things that a person should know. */
  readonly onNotice?: (message: string) => void;
}

const { backend: _, ...READING } = MODEL_FILE_OPTIONS;
const EXPORT_OPTIONS: OptionNames<ExportOptions> = {
  ...READING,
  format: true,
  to: true,
  foldNormalization: true,
  layout: true,
  features: true,
  int8: true,
  float16: true,
  calibration: true,
  images: true,
  dataDir: true,
  limitTest: true,
  usage: true,
  onNotice: true,
};

/** The JSON document of `export`. */
export interface ExportResult {
  /** Path of the file or folder. */
  readonly file: string;
  /** Format of the file. */
  readonly format: Format;
  /** Size in bytes. */
  readonly bytes: number;
  /** SHA-256 of the file. */
  readonly sha256: string;
  /** The network and its options. */
  readonly model: Named;
  /** The run folder that it is of. */
  readonly run?: string;
  /** Name of the run's model. */
  readonly name?: string;
  /** Deprecated name of `name`. */
  readonly player?: string;
  /** Order of the input's axes. */
  readonly layout?: 'nchw' | 'nhwc';
  /** How bytes become its input. */
  readonly normalization: unknown;
  /** Whether the normalization is part of the model. */
  readonly folded: boolean;
  /** Names of the classes, or their number. */
  readonly classes: readonly string[] | number;
  /** Folder with a few images and their logits, and programs that use the file. */
  readonly usage?: string;
  /** The written file, read back and compared with the network. */
  readonly verified: Verified;
  /**
   * Accuracy before and after quantization, calibration images, and bytes of the float model; only of an 8-bit model.
   */
  readonly int8?: ComparedAccuracy & { readonly calibration: number; readonly floatBytes: number };
  /** The same of a half-precision model; without accuracy where there are no images to measure it with. */
  readonly float16?: Partial<ComparedAccuracy> & { readonly floatBytes: number };
}

/**
 * Writes a trained network as a file for other programs, reads it back and compares its logits with the network's.
 * Throws `ANC_USAGE`, `ANC_FILE_EXISTS` and `ANC_EXPORT`; a file that does not give the same logits is removed.
 */
export async function exportModel(
  what: string | TrainedModel,
  options: ExportOptions = {},
): Promise<ExportResult> {
  assertKnown(options, EXPORT_OPTIONS);
  const format = oneOf(options.format ?? 'onnx', FORMATS, 'format');
  const { to, onNotice } = options;
  assertSuited({ ...options, out: to }, format);
  if (typeof what === 'string' && isOnnx(what)) {
    throw new AncError('ANC_EXPORT', `${what} is an ONNX model already.`, {
      expected: 'a run folder or a file of weights',
    });
  }
  const precision = precisionOf(options);
  const layout = oneOf(options.layout ?? 'nchw', ['nchw', 'nhwc'] as const, 'layout');
  const { found, composition, cwd, images: named } = await openCall(what, options);
  if (found?.choice) onNotice?.(found.choice);
  const weights = typeof what === 'string' ? (found?.path ?? (await namedFile(what)).file) : null;
  if (weights === null && to === undefined) {
    throw new AncError('ANC_USAGE', 'no file was given to write a model in memory to.', {
      expected: 'the option "to"',
    });
  }
  const out = shownPath(to ?? defaultOut(weights!, found, format, precision), cwd);
  const target = await assertFree(out, cwd);
  const usage = options.usage === false ? null : await assertUsageFree(out, cwd);
  await assertSized(what, found, options, composition, cwd);
  const source = await sourceOf(what, found, options, composition, cwd);
  for (const notice of source.notices) onNotice?.(notice);
  if (source.normalization === null) {
    onNotice?.(
      'the normalization of the images is unknown: set it with --preprocessing, so that it is recorded in the file.',
    );
  }
  const shape = {
    layout,
    foldNormalization: options.foldNormalization === true,
    features: options.features === true,
  };
  const { dataDir, limitTest, calibration = 128 } = options;
  const check = await checkImages(
    {
      ...(named && { dataset: named }),
      ...(dataDir === undefined ? {} : { dataDir }),
      ...(limitTest === undefined ? {} : { limitTest }),
      cwd,
      shape: source.environment.input,
      notice: onNotice ?? (() => undefined),
    },
    precision === 'int8',
    found,
    composition,
  );
  const made = await madeOf(format, source, shape);
  try {
    const model =
      precision === 'int8'
        ? await quantized(made.bytes, source, shape, check!.images, calibration)
        : precision === 'float16'
          ? halfPrecision(made.bytes)
          : made.bytes;
    const isConverted = precision !== 'float32';
    const { written, verified, accuracy } = await placedTogether(target, usage, async (apart) => {
      const written =
        made.files === null ? await writeOne(apart, model) : await writeFolder(apart, made.files);
      const there = { target: apart, format, source, shape, cwd };
      const tolerance = toleranceOf(precision, check !== null);
      const verified = await compareLogits(there, composition, tolerance, check?.split);
      const accuracy =
        isConverted && check !== null
          ? await compareAccuracy(there, check.images, composition, onNotice)
          : null;
      if (usage !== null) {
        const described = { layout, precision, sha256: written.sha256, split: check?.split ?? null };
        await exportUsage(usageFolder(apart), there, described, composition);
      }
      return { written, verified, accuracy };
    });
    return {
      file: shownPath(target, cwd),
      format,
      ...written,
      model: source.model,
      ...(found === null ? {} : { run: found.run, name: found.name, player: found.name }),
      ...(format === 'onnx' ? { layout } : {}),
      normalization: source.normalization,
      folded: shape.foldNormalization,
      classes: source.classNames ?? source.environment.classes,
      ...(usage !== null && { usage: shownPath(usage, cwd) }),
      verified,
      ...(precision === 'int8' && {
        int8: { calibration, floatBytes: made.bytes.length, ...accuracy! },
      }),
      ...(precision === 'float16' && { float16: { floatBytes: made.bytes.length, ...accuracy } }),
    };
  } catch (error) {
    throw afterWorkBegan(error);
  }
}

/** What the model computes with. Throws `ANC_USAGE` where two are requested. */
function precisionOf({ int8 = false, float16 = false }: ExportOptions): Precision {
  if (int8 && float16) {
    throw new AncError('ANC_USAGE', '--int8 and --float16 exclude each other.', { expected: 'one of them' });
  }
  return int8 ? 'int8' : float16 ? 'float16' : 'float32';
}

/** Reports the size of the images that a file's model takes. Throws `ANC_USAGE` where neither it nor the caller says it. */
async function assertSized(
  what: string | TrainedModel,
  found: Awaited<ReturnType<typeof openCall>>['found'],
  options: ExportOptions,
  composition: Awaited<ReturnType<typeof openCall>>['composition'],
  cwd: string,
): Promise<void> {
  const { input, onNotice } = options;
  if (input !== undefined || typeof what !== 'string' || found !== null) return;
  const stated = await shapeOfModel(what, found, readingOf(options), composition, cwd);
  const { shape, why } = imageSize(stated, null);
  if (shape.some((side) => side === null)) {
    throw new AncError('ANC_USAGE', `${what} does not say the size of its images.`, {
      expected: '--size HxWxC, e.g. 32x32x3',
      received: `[${shape.map((side) => side ?? '?').join(', ')}] from ${stated.source}`,
      hint: 'give the size that the network was trained with.',
    });
  }
  onNotice?.(`the model takes images of ${shape.join('×')}: ${why}.`);
}

async function sourceOf(
  what: string | TrainedModel,
  found: Awaited<ReturnType<typeof openCall>>['found'],
  options: ExportOptions,
  composition: Awaited<ReturnType<typeof openCall>>['composition'],
  cwd: string,
): Promise<ExportSource> {
  if (typeof what === 'string') {
    const { file, ...said }: NamedFile = found === null ? await namedFile(what) : { file: found.path };
    return exportSource(file, found, { ...said, ...readingOf(options) }, composition, cwd);
  }
  if (what.source !== null) return what.source;
  throw new AncError('ANC_EXPORT', `"${what.name}" is not a network of this program.`, {
    expected: 'a student of a run, or a classifier from a file of weights',
  });
}

function oneOf<const C extends string>(text: string, choices: readonly C[], option: string): C {
  const found = choices.find((choice) => choice === text.toLowerCase());
  if (found !== undefined) return found;
  const hint = suggestion(text, choices);
  throw new AncError('ANC_USAGE', `${option}: expected one of ${choices.join(', ')}.`, {
    received: text,
    path: [option],
    problem: `expected one of ${choices.join(', ')}.`,
    ...(hint === null ? {} : { hint }),
  });
}
