import { OnnxBackend } from '@anc/backend-onnx';
import type { Teacher } from '@anc/core';
import { scorePredictions, topClasses } from '@anc/core/internal';
import type { OpenedImages } from '../classifier/images.js';
import { pairClasses } from '../classifier/labels.js';
import { openClassifier, openNetwork, type Classifier } from '../classifier/open-classifier.js';
import { scoreClassifier, teacherLogits, type Score } from '../classifier/score.js';
import type { Composition } from '../composition/compose.js';
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
 * Reads the written model back and compares its logits with the network's. Throws `ANC_EXPORT` where
 * they differ by more than rounding, or `tolerance` times the largest of them.
 */
export const compareLogits = (
  written: WrittenModel,
  composition: Composition,
  tolerance?: number,
): Promise<Verified> =>
  withBackend(async (backend) => {
    const original = await openNetwork(written.source, backend);
    const again = await openAgain(written, backend, composition);
    return verifySame(again, original.teacher, written.source.environment.input, tolerance);
  });

/** Test errors of the network and of what was written, and how often they agree. */
export const compareAccuracy = (
  written: WrittenModel,
  images: OpenedImages,
  composition: Composition,
  onNotice?: (text: string) => void,
): Promise<{ readonly before: Score; readonly after: Score; readonly agreement: number | null }> =>
  withBackend(async (backend) => {
    const original = await openNetwork(written.source, backend);
    const again = await openWritten(written, backend, composition);
    const split = await images.test();
    const pairing = split.labels === null ? null : pairClasses(original.model, original, images.dataset);
    if (typeof pairing?.notice === 'string') onNotice?.(pairing.notice);
    const options = { batchSize: 100, classMap: pairing?.map ?? null };
    const classes = async ({ teacher }: Classifier): Promise<Int32Array> =>
      topClasses(await teacherLogits(teacher, split, options.batchSize));
    const [a, b] = [await classes(original), await classes(again)];
    return {
      before: await scoreClassifier(original.teacher, split, options),
      after: await scoreClassifier(again.teacher, split, options),
      agreement: scorePredictions(b, null, a).agreement,
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
): Promise<Pick<Teacher, 'infer'>> {
  const { target, format, source, shape } = written;
  if (format === 'tfjs') return openGraphModel(target, backend, source, shape);
  if (format === 'keras') return openKerasModel(target, backend, source, shape);
  return (await openWritten(written, backend, composition)).teacher;
}

const openWritten = (
  { target, cwd, source }: WrittenModel,
  backend: OnnxBackend,
  composition: Composition,
): Promise<Classifier> =>
  openClassifier({ file: target, cwd, images: source.environment.input, backend }, composition);
