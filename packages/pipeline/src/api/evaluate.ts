import { isAncError, targetsOf } from '@anc/core';
import { taskEntry, type TaskDescription } from '@anc/core/internal';
import { OnnxBackend } from '@anc/backend-onnx';
import { openImages } from '../classifier/images.js';
import type { Classifier } from '../classifier/classifier.js';
import { classOrderWarning } from '../classifier/class-order.js';
import { noticesOf } from '../data/dataset-facts.js';
import type { Fetching } from '../data/open-dataset.js';
import { imageShapeOf } from '../classifier/image-shape.js';
import { pairedSplit } from '../classifier/paired-split.js';
import { predictFrozen, scoreOf, type Score } from '../classifier/score.js';
import { afterWorkBegan } from '../events/work-error.js';
import { assertTaskOutputs } from '../tasks/assert-task.js';
import { taskOfDataset } from '../tasks/opened-task.js';
import { describeNamed } from '../text/named.js';
import { assertKnown, type OptionNames } from './known-options.js';
import {
  MODEL_FILE_OPTIONS,
  openBackend,
  openCall,
  readingOf,
  shapeOfModel,
  type ModelFileOptions,
} from './model-call.js';
import { openModelFile } from './open-model.js';
import { callOf } from './call.js';
import { namedTeacher, openNamedTeacher, teacherAgreement } from './teacher-agreement.js';
import { assertMeasurable, missedThresholds, readThresholds, type MissedThreshold } from './thresholds.js';
import { TrainedModel } from './trained-model.js';
import type { DatasetInput } from './values.js';

export interface EvaluateOptions extends ModelFileOptions {
  /** What to evaluate on; default: the run's own test images. */
  readonly images?: DatasetInput;
  /** Folder with the dataset's files. */
  readonly dataDir?: string;
  /** Only the first test images. */
  readonly limitTest?: number;
  /** Images per batch; default: 100. */
  readonly batchSize?: number;
  /**
   * Measures the agreement with a teacher, too: a run or a file, or with `true` the teacher of the run. Default: that of the
   * run, where `failUnder` needs it or the images have no labels.
   */
  readonly teacher?: string | true;
  /** Smallest values that are good enough, by metric: `agreement`, `accuracy`, `top5-accuracy`, or another task's metrics. */
  readonly failUnder?: Readonly<Record<string, number>>;
  /** Whether missing data may be downloaded, and from where. */
  readonly fetching?: Fetching;
  /** Called as images are predicted: by what, and how many of them. */
  readonly onProgress?: (what: string, done: number, count: number) => void;
}

const EVALUATE_OPTIONS: OptionNames<EvaluateOptions> = {
  ...MODEL_FILE_OPTIONS,
  images: true,
  dataDir: true,
  limitTest: true,
  batchSize: true,
  teacher: true,
  failUnder: true,
  fetching: true,
  onProgress: true,
};

/** The JSON document of `eval`. Errors are fractions. */
export interface EvaluateResult extends Score {
  /** Name of the network, or the file. */
  readonly model: string;
  /** The run folder that it is of. */
  readonly run?: string;
  /** Name of the run's model. */
  readonly name?: string;
  /** Deprecated name of `name`. */
  readonly player?: string;
  /** Name of the dataset. */
  readonly dataset: string;
  /** Name of the backend. */
  readonly backend: string;
  /** What was measured; absent: classification. */
  readonly task?: TaskDescription;
  /** Number of classes. */
  readonly classes: number;
  /** Null where they are not counted. */
  readonly parameters: number | null;
  /** How bytes become its input. */
  readonly normalization: unknown;
  /** SHA-256 of the file. */
  readonly sha256: string;
  /** Share of images with the teacher's prediction, where it was measured. */
  readonly agreement?: number;
  /** The metrics of `failUnder` that are too small; absent without `failUnder`. */
  readonly missed?: readonly MissedThreshold[];
  /** What a person should know of how the model was read. */
  readonly notices: readonly string[];
}

/**
 * Evaluates a trained network by its dataset's task (a run folder, a file of weights, an ONNX model or a model in memory) on the test images
 * of a dataset. Throws `ANC_USAGE`, `ANC_CLASSES` and what reading model and images throws.
 */
export async function evaluate(
  what: string | TrainedModel,
  options: EvaluateOptions = {},
): Promise<EvaluateResult> {
  assertKnown(options, EVALUATE_OPTIONS);
  const { found, composition, cwd, images: named } = await openCall(what, options);
  const { dataDir, limitTest, batchSize = 100, signal, onProgress } = options;
  const notices: string[] = found?.choice ? [found.choice] : [];
  // Files are read before images, which may have to be downloaded.
  const shape = await shapeOfModel(what, found, readingOf(options), composition, cwd);
  const given = typeof options.teacher === 'string' ? await namedTeacher(options.teacher, found, cwd) : null;
  if (given !== null) await imageShapeOf({ ...given, cwd }, composition);
  const images = await openImages(
    {
      cwd,
      model: () => Promise.resolve(shape),
      notice: (text) => void notices.push(text),
      ...(named && { dataset: named }),
      ...(dataDir === undefined ? {} : { dataDir }),
      ...(limitTest === undefined ? {} : { limitTest }),
      fetching: { ...callOf(options).fetching, ...options.fetching },
    },
    found,
    composition,
  );
  const split = await images.test();
  const opened = await taskOfDataset(images.dataset, composition);
  const { task, data, description } = opened;
  const thresholds = readThresholds(options.failUnder ?? {}, task.metrics);
  const wantsAgreement = thresholds.some(({ of }) => of === null);
  const wanted = options.teacher ?? (wantsAgreement ? true : null);
  // Without labels the agreement with the run's own teacher is the measure, where that can be opened.
  const isMeasure = wanted === null && targetsOf(split) === null && found !== null;
  const unopened = (error: unknown): null => {
    if (!isMeasure || !isAncError(error)) throw error;
    notices.push(
      `the agreement with the teacher is not measured (${error.message.replace(/\.$/, '')}): name its file with --teacher.`,
    );
    return null;
  };
  const teacher =
    given ??
    (wanted === null && !isMeasure ? null : await namedTeacher(wanted ?? true, found, cwd).catch(unopened));
  assertMeasurable(thresholds, { targets: targetsOf(split) !== null, teacher: teacher !== null });
  const { backend, close } = await openBackend(options.backend, composition);
  try {
    const isFile = typeof what === 'string';
    const model = isFile
      ? await openModelFile(what, found, readingOf(options), {
          composition,
          backend,
          cwd,
          images: images.dataset.shape,
          imageClasses: images.dataset.classes.length,
          outputs: task.outputs(data),
        })
      : what;
    let taught: Classifier | null = null;
    try {
      const { classifier } = model;
      const { dataset } = images;
      const taskData = { input: dataset.shape, classes: classifier.classes };
      assertTaskOutputs(model.name, classifier.teacher.outputs, { task, data: taskData });
      const { pairing, measured } = pairedSplit(
        split,
        model.name,
        classifier,
        dataset,
        images.ofRun,
        notices,
      );
      notices.push(...classifier.notices, ...images.notices, ...noticesOf(dataset));
      if (typeof pairing?.notice === 'string') notices.push(pairing.notice);
      const { classes } = classifier;
      taught =
        teacher === null
          ? null
          : await openNamedTeacher({ teacher, classes, dataset, cwd }, opened, backend, composition).catch(
              unopened,
            );
      const frozenOptions = (what: string) => ({
        ...{ task, taskData, batchSize },
        ...(signal && { signal }),
        ...(onProgress && { onBatch: (done: number, count: number) => onProgress(what, done, count) }),
      });
      const predicted = await predictFrozen(classifier.teacher, measured, frozenOptions('images')).catch(
        failed,
      );
      const { predictions } = predicted;
      if (measured.labels !== null && predictions instanceof Int32Array) {
        const warning = classOrderWarning(predictions, await measured.labels(), classifier, dataset);
        if (warning !== null) notices.push(warning);
      }
      const agreement =
        taught === null
          ? null
          : await teacherAgreement(
              { teacher: taught.teacher, predictions, images: measured.images },
              frozenOptions('images by the teacher'),
            ).catch(failed);
      return {
        ...scoreOf(predicted, task),
        ...taskEntry(description),
        model: classifier.model,
        ...(found === null ? {} : { run: found.run, name: found.name, player: found.name }),
        dataset: describeNamed(images.named),
        backend: backend.name,
        classes: classifier.classes,
        parameters: classifier.parameters,
        normalization: classifier.normalization,
        sha256: classifier.digest,
        ...(agreement && { agreement: agreement.agreement }),
        ...(options.failUnder && {
          missed: missedThresholds(thresholds, predicted.metrics, agreement?.agreement ?? null),
        }),
        notices,
      };
    } finally {
      await taught?.dispose();
      if (isFile) await model.dispose();
    }
  } finally {
    await close();
  }
}

/** What fails when images are predicted is no fault of the request. */
function failed(error: unknown): never {
  throw afterWorkBegan(error);
}

/**
 * Opens a trained classifier from a run folder, a file of weights or an ONNX model. Dispose it after use. Throws what
 * reading it throws, and `ANC_USAGE` where the file leaves the size of its images open and `input` does not set it.
 */
export async function openTrainedModel(what: string, options: ModelFileOptions = {}): Promise<TrainedModel> {
  const { found, composition, cwd } = await openCall(what, options);
  const backend = options.backend === undefined ? await OnnxBackend.create() : null;
  const opened =
    backend === null
      ? await openBackend(options.backend, composition)
      : { backend, close: () => backend.dispose() };
  try {
    const model = await openModelFile(what, found, readingOf(options), {
      composition,
      backend: opened.backend,
      cwd,
    });
    return new TrainedModel(model.name, model.classifier, model.input, cwd, model.source, async () => {
      await model.dispose();
      await opened.close();
    });
  } catch (error) {
    await opened.close();
    throw error;
  }
}
