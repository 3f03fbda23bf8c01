import { resolve } from 'node:path';
import { stat } from 'node:fs/promises';
import type { OnnxTeacherOptions } from '@anc/backend-onnx';
import { AncError, sizeOf, type Backend, type FixedNormalization } from '@anc/core';
import { imageSize, type StatedShape } from '../data/image-size.js';
import { findModelInRun } from '../classifier/find-model.js';
import { namedFile, type NamedFile } from '../classifier/classifier-file.js';
import type { Classifier } from '../classifier/classifier.js';
import { isOnnx, openClassifier } from '../classifier/open-classifier.js';
import { imageShapeOf } from '../classifier/image-shape.js';
import type { Composition } from '../composition/compose.js';
import type { Named } from '../text/named.js';
import { WEIGHTS } from '../files/weights.js';
import { OWN, type Preprocessing } from './candidates.js';
import type { ImagesToLogits, OpenPreprocessing } from './preprocessing.js';

export interface TeacherRequest {
  /** A run folder, a file of weights or an ONNX model. */
  readonly what: string;
  readonly cwd: string;
  readonly model?: Named;
  readonly preprocessing?: string;
  /** [H, W, C], where the caller set it. */
  readonly size?: readonly [number, number, number];
  /** The images' own size, for a teacher whose file leaves it open. */
  readonly images: () => Promise<StatedShape | null>;
}

/** A teacher that can be opened under any reading. */
export interface CheckedTeacher {
  /** Its file as it was named, and what was said of it. */
  readonly what: NamedFile;
  readonly shape: readonly [number, number, number];
  /** Where that comes from, where the caller did not set it. */
  readonly notices: readonly string[];
  /** Layouts that its file leaves possible. */
  readonly layouts: readonly Preprocessing['layout'][];
  /** As its file, or the person, says; where neither does, pixels from 0 to 1. */
  open(imageClasses?: number, outputs?: readonly number[]): Promise<Classifier>;
  openAs(reading: Preprocessing, imageClasses?: number): Promise<OpenPreprocessing>;
}

const BATCH = 32;

/** Finds a teacher's file and the size of its images. Throws what reading it throws, `ANC_USAGE` for an unknown size. */
export async function findTeacher(
  { what, cwd, model, preprocessing, size, images: imagesOf }: TeacherRequest,
  backend: Backend,
  composition: Composition,
): Promise<CheckedTeacher> {
  const { file: named, onnx = {}, ...said } = await namedFile(what);
  const file = await fileOf(named, cwd);
  const weights = { ...said, ...(model === undefined ? {} : { model }) };
  const reading = { onnx, ...weights, recorded: file !== named };
  const stated = await imageShapeOf({ file, cwd, ...reading }, composition);
  const known = stated.shape;
  const isStated = known.every((n) => n !== null);
  const { shape: found, why } = imageSize(stated, size === undefined && !isStated ? await imagesOf() : null);
  const shape = size ?? found;
  if (shape.some((n) => n === null)) {
    throw new AncError('ANC_USAGE', `${what} takes images of any size, and these have no common one.`, {
      expected: '--size HxWxC, e.g. 224x224x3',
      received: `[${shape.map((n) => n ?? '?').join(', ')}]`,
      hint: 'give the size that the network was trained with.',
    });
  }
  const images = shape as readonly [number, number, number];
  const request = { file, cwd, images, backend, ...weights };
  const open = (
    said: string | undefined,
    options: OnnxTeacherOptions,
    imageClasses: number | undefined,
    outputs?: readonly number[],
  ): Promise<Classifier> =>
    openClassifier(
      {
        ...request,
        ...(said === undefined ? {} : { preprocessing: said }),
        ...(imageClasses === undefined ? {} : { imageClasses }),
        ...(outputs && { outputs }),
        onnx: options,
      },
      composition,
    );
  return {
    what: { file: named, onnx },
    shape: images,
    notices: size === undefined ? [`images of ${shape.join('×')}: ${why}.`] : [],
    layouts: layoutsOf(known, isOnnx(file) ? onnx.layout : 'nhwc'),
    open: (imageClasses, outputs) => open(preprocessing, onnx, imageClasses, outputs),
    openAs: async ({ name, normalization, layout, order }, imageClasses) => {
      const placed = layout === 'own' ? onnx : { ...onnx, layout };
      const { mean: _, std: __, ...unprepared } = placed;
      const classifier = await ((name === OWN && order !== 'bgr') || normalization === 'per-image'
        ? open(preprocessing, placed, imageClasses)
        : open(saidAs(normalization), unprepared, imageClasses));
      return { logits: logitsBy(classifier, images), dispose: () => classifier.dispose() };
    },
  };
}

/** Both, where neither the file nor the person says which. */
const layoutsOf = (
  sizes: readonly (number | null)[],
  said: OnnxTeacherOptions['layout'] = 'auto',
): CheckedTeacher['layouts'] =>
  said === 'auto' && sizes.every((n) => n === null) ? ['nchw', 'nhwc'] : ['own'];

/** As `--preprocessing` reads it: numbers are of bytes where one is above 2, so bytes as they are have a name. */
const saidAs = ({ mean, std }: FixedNormalization): string =>
  [...mean, ...std].some((value) => value > 2) ? `${mean.join()}/${std.join()}` : 'none';

/** The file in a folder that is a run, or of one of its models; anything else is a file. */
async function fileOf(what: string, cwd: string): Promise<string> {
  const folder = (await stat(resolve(cwd, what)).catch(() => null))?.isDirectory() === true;
  if (!folder) return what;
  const weights = resolve(cwd, what, WEIGHTS);
  if ((await stat(weights).catch(() => null)) !== null) return weights;
  return (await findModelInRun(what, 'teacher', cwd))!.path;
}

/** Batches of one size: what is compiled is compiled once. */
export function logitsBy(
  { teacher }: Classifier,
  shape: readonly number[],
  batchSize: number = BATCH,
): ImagesToLogits {
  const size = sizeOf(shape);
  const row = sizeOf(teacher.outputs['logits']!);
  return async (images, count) => {
    const out = new Float32Array(count * row);
    for (let start = 0; start < count; start += batchSize) {
      const real = Math.min(batchSize, count - start);
      const bytes = new Uint8Array(batchSize * size);
      bytes.set(images.subarray(start * size, (start + real) * size));
      const { logits } = await teacher.infer({ shape: [batchSize, ...shape], data: bytes }, ['logits']);
      out.set((logits!.data as Float32Array).subarray(0, real * row), start * row);
    }
    return out;
  };
}
