import { AncError, type Backend, type Dataset } from '@anc/core';
import { namedFile, type NamedFile } from '../classifier/classifier-file.js';
import type { FoundModel } from '../classifier/find-model.js';
import { imageShapeOf, type ImageShapeRequest } from '../classifier/image-shape.js';
import { isOnnx, openClassifier } from '../classifier/open-classifier.js';
import type { Composition } from '../composition/compose.js';
import { exportSource } from '../export/export-source.js';
import type { Named } from '../text/named.js';
import { TrainedModel } from './trained-model.js';

/** How a model's file is read where it does not say it itself. */
export interface ReadingOptions {
  /** Of a run: the student's name, or `teacher`; default: its student. */
  readonly select?: string;
  /** Network of the weights. */
  readonly model?: Named;
  /** Pixel values that the network expects: `unit`, `imagenet`, `0.5/0.5`, … */
  readonly preprocessing?: string;
  /** [H, W, C] of the images, for files that take any size. */
  readonly input?: readonly [number, number, number];
}

/** Opens a model of a run folder, a file of weights or an ONNX model. Throws what reading it throws. */
export async function openModelFile(
  what: string,
  found: FoundModel | null,
  options: ReadingOptions,
  {
    composition,
    backend,
    cwd,
    images,
    imageClasses,
    outputs,
  }: {
    readonly composition: Composition;
    readonly backend: Backend;
    readonly cwd: string;
    readonly images?: Dataset['shape'];
    /** How many classes the images have, where they have any. */
    readonly imageClasses?: number;
    /** Shape of an image's logits, by the images' task. */
    readonly outputs?: readonly number[];
  },
): Promise<TrainedModel> {
  const { file, ...said }: NamedFile = found === null ? await namedFile(what) : { file: found.path };
  const reading = { ...said, ...(options.model && { model: options.model }) };
  const input = options.input ?? images ?? (await shapeOfFile({ file, cwd, ...reading }, composition));
  const classifier = await openClassifier(
    {
      file,
      cwd,
      images: input,
      backend,
      ...(imageClasses === undefined || imageClasses === 0 ? {} : { imageClasses }),
      ...(outputs && { outputs }),
      ...reading,
      ...(options.preprocessing === undefined ? {} : { preprocessing: options.preprocessing }),
    },
    composition,
  );
  const source = isOnnx(file)
    ? null
    : await exportSource(file, found, { ...options, ...reading }, composition, cwd);
  return new TrainedModel(found?.name ?? what, classifier, input, cwd, source, () => classifier.dispose());
}

/** Size of the images that a model takes. Throws `ANC_USAGE` where its file leaves it open. */
async function shapeOfFile(
  request: ImageShapeRequest,
  composition: Composition,
): Promise<readonly [number, number, number]> {
  const { shape, source } = await imageShapeOf(request, composition);
  if (shape.every((side) => side !== null)) return shape as unknown as [number, number, number];
  throw new AncError('ANC_USAGE', `${request.file} takes images of any size.`, {
    expected: 'the option "input", e.g. [224, 224, 3]',
    received: `[${shape.map((side) => side ?? '?').join(', ')}] from ${source}`,
  });
}
