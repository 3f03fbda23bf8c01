import { OnnxBackend } from '@anc/backend-onnx';
import { targetsOf, type DatasetSplit, type HostTensor, type Teacher } from '@anc/core';
import { taskEntry, type TaskDescription } from '@anc/core/internal';
import type { OpenedImages } from '../classifier/images.js';
import { pairClasses } from '../classifier/labels.js';
import type { Classifier } from '../classifier/classifier.js';
import { openClassifier, openNetwork } from '../classifier/open-classifier.js';
import { predictFrozen, scoreOf, type Score } from '../classifier/score.js';
import type { Composition } from '../composition/compose.js';
import { relabeledSplit } from '../data/relabeled-split.js';
import { taskNameOf } from '../data/dataset-facts.js';
import { openTask } from '../tasks/opened-task.js';
import type { Format } from './format.js';
import type { ClassifierShape } from './function.js';
import { openGraphModel } from './graph-model.js';
import { openKerasModel } from './keras.js';
import type { ExportSource } from './source.js';
import { verifySame, type Verified } from './verify.js';

export interface WrittenModel {
  /** What was written. */
  readonly target: string;
  readonly format: Format;
  readonly cwd: string;
  readonly source: ExportSource;
  readonly shape: ClassifierShape;
}

/**
 * Reads the written model back and compares its logits with the network's, on images of the data too where there are some.
 * Throws `ANC_EXPORT` where they differ by more than rounding, or `tolerance` times the largest of them.
 */
export const compareLogits = (
  written: WrittenModel,
  composition: Composition,
  tolerance?: number,
  split: DatasetSplit | null = null,
): Promise<Verified> =>
  withBackend(async (backend) => {
    const original = await openNetwork(written.source, backend);
    const outputs = original.teacher.outputs['logits']!;
    const again = await openAgain(written, backend, composition, outputs);
    return verifySame(again, original.teacher, written.source.environment.input, tolerance, split);
  });

/** The logits that a written model, read back, gives for images. */
export const logitsOfWritten = (
  written: WrittenModel,
  images: HostTensor,
  composition: Composition,
): Promise<HostTensor> =>
  withBackend(async (backend) => {
    const { teacher } = await openNetwork(written.source, backend);
    const again = await openAgain(written, backend, composition, teacher.outputs['logits']!);
    const { logits } = await again.infer(images, ['logits']);
    return logits!;
  });

/** How well two files of one network do on the same images. */
export interface ComparedAccuracy {
  /** What was measured; absent: classification. */
  readonly task?: TaskDescription;
  readonly before: Score;
  readonly after: Score;
  /** Share of equal predictions. */
  readonly agreement: number | null;
}

/** How well the network does on test images, and what was written; and how often they agree. */
export const compareAccuracy = (
  written: WrittenModel,
  images: OpenedImages,
  composition: Composition,
  onNotice?: (text: string) => void,
): Promise<ComparedAccuracy> =>
  withBackend(async (backend) => {
    const original = await openNetwork(written.source, backend);
    const again = await openWritten(written, backend, composition, original.teacher.outputs['logits']!);
    const split = await images.test();
    const { dataset } = images;
    const pairing = targetsOf(split) === null ? null : pairClasses(original.model, original, dataset);
    if (typeof pairing?.notice === 'string') onNotice?.(pairing.notice);
    const measured = relabeledSplit(split, pairing?.map ?? null);
    const data = { input: dataset.shape, classes: original.classes };
    const { task, description } = await openTask(taskNameOf(dataset), data, composition);
    const options = { task, taskData: data, batchSize: 100 };
    const before = await predictFrozen(original.teacher, measured, options);
    const after = await predictFrozen(again.teacher, measured, options);
    return {
      ...taskEntry(description),
      before: scoreOf(before, task),
      after: scoreOf(after, task),
      agreement: task.agreement(after.predictions, before.predictions).agreement,
    };
  });

async function withBackend<T>(work: (backend: OnnxBackend) => Promise<T>): Promise<T> {
  const backend = await OnnxBackend.create();
  try {
    return await work(backend);
  } finally {
    await backend.dispose();
  }
}

async function openAgain(
  written: WrittenModel,
  backend: OnnxBackend,
  composition: Composition,
  outputs: readonly number[],
): Promise<Pick<Teacher, 'infer'>> {
  const { target, format, source, shape } = written;
  if (format === 'tfjs') return openGraphModel(target, backend, source, shape);
  if (format === 'keras') return openKerasModel(target, backend, source, shape);
  return (await openWritten(written, backend, composition, outputs)).teacher;
}

const openWritten = (
  { target, cwd, source }: WrittenModel,
  backend: OnnxBackend,
  composition: Composition,
  outputs: readonly number[],
): Promise<Classifier> =>
  openClassifier({ file: target, cwd, images: source.environment.input, backend, outputs }, composition);
