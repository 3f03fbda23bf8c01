import { AncError, isAncError, type Normalization } from '@anc/core';
import { afterWorkBegan } from '../events/work-error.js';
import { findImageFiles } from '../predict/image-files.js';
import { predictFiles, type FailedImage, type PredictedImage } from '../predict/predict-files.js';
import { MODEL_FILE_OPTIONS, openBackend, openCall, readingOf, type ModelFileOptions } from './model-call.js';
import { assertKnown, assertPaths, type OptionNames } from './known-options.js';
import { openModelFile } from './open-model.js';
import type { TrainedModel } from './trained-model.js';

export interface PredictOptions extends ModelFileOptions {
  /** Number of classes of an image; default: 3. */
  readonly top?: number;
  /** Images at a time; default: 32. */
  readonly batchSize?: number;
  /** Whether to draw a contact sheet of the images with their classes. */
  readonly sheet?: boolean;
  /** Called as work goes on: images that are done, and all of them. */
  readonly onProgress?: (done: number, count: number) => void;
}

const PREDICT_OPTIONS: OptionNames<PredictOptions> = {
  ...MODEL_FILE_OPTIONS,
  top: true,
  batchSize: true,
  sheet: true,
  onProgress: true,
};

/** The JSON document of `predict`, but for the sheet. */
export interface PredictResult {
  /** Name of the network, or the file. */
  readonly model: string;
  /** The run folder that it is of. */
  readonly run?: string;
  /** Name of the run's model. */
  readonly name?: string;
  /** Name of the backend. */
  readonly backend: string;
  /** [H, W, C] that images are brought to. */
  readonly input: readonly [number, number, number];
  /** How bytes become the model's input. */
  readonly normalization: Normalization | null;
  /** SHA-256 of the file. */
  readonly sha256: string;
  /** Number of classes. */
  readonly classes: number;
  /** Image after image, in the order in which they were named. */
  readonly images: readonly PredictedImage[];
  /** Files without a prediction: they do not decode. */
  readonly failed: readonly FailedImage[];
  /** The first 200 images with their class and its probability, as a PNG file; null without `sheet`. */
  readonly sheet: Uint8Array | null;
  /** What a person should know of how the model was read. */
  readonly notices: readonly string[];
}

/**
 * Classifies image files with a trained network: a run folder, a file that `evaluate` reads, or a model in memory.
 *
 * @param images files, folders and patterns such as `photos/*.jpg`
 * @throws `ANC_DATA_MISSING` and `ANC_DATA_EMPTY` where there are no such images, `ANC_DATA_CORRUPT` where none of them
 * decodes, `ANC_TASK` where the model does not predict one class per image, and what reading the model throws.
 */
export async function predict(
  what: string | TrainedModel,
  images: string | readonly string[],
  options: PredictOptions = {},
): Promise<PredictResult> {
  assertKnown(options, PREDICT_OPTIONS);
  const { top = 3, batchSize = 32, sheet = false, onProgress, signal } = options;
  for (const [name, value] of Object.entries({ top, batchSize })) {
    if (Number.isInteger(value) && value >= 1) continue;
    throw new AncError('ANC_CONFIG', `${name}: expected a whole number of at least 1.`, {
      received: String(value),
      path: [name],
    });
  }
  assertPaths(images, 'images');
  const { found, composition, cwd } = await openCall(what, options);
  const files = await findImageFiles([images].flat(), cwd);
  if (files.length === 0) {
    throw new AncError('ANC_USAGE', 'no images were given.', {
      expected: 'image files, folders of images, or patterns such as "photos/*.jpg"',
    });
  }
  const { backend, close } = await openBackend(options.backend, composition);
  try {
    const isFile = typeof what === 'string';
    const model = isFile
      ? await openModelFile(what, found, readingOf(options), { composition, backend, cwd })
      : what;
    try {
      const { classifier, input } = model;
      const outputs = classifier.teacher.outputs['logits']!;
      if (outputs.length !== 1) {
        throw new AncError('ANC_TASK', `${model.name} does not predict one class per image.`, {
          expected: 'a classifier: logits [classes] for each image',
          received: `logits [${outputs.join(', ')}]`,
        });
      }
      const predicted = await predictFiles(files, classifier, {
        shape: input,
        top,
        batchSize,
        sheet,
        ...(onProgress && { onProgress }),
        ...(signal && { signal }),
      }).catch((error: unknown) => {
        throw isAncError(error) && error.code === 'ANC_DATA_CORRUPT' ? error : afterWorkBegan(error); // none decodes: no work
      });
      return {
        model: classifier.model,
        ...(found === null ? {} : { run: found.run, name: found.name }),
        backend: backend.name,
        input,
        normalization: classifier.normalization,
        sha256: classifier.digest,
        classes: classifier.classes,
        ...predicted,
        notices: [...(found?.choice ? [found.choice] : []), ...classifier.notices],
      };
    } finally {
      if (isFile) await model.dispose();
    }
  } finally {
    await close();
  }
}
