import type { HostTensor } from '@anc/core';
import type { SplitPredictions } from '@anc/core/internal';
import { captionedContactSheet } from '@anc/datasets';
import type { OpenedTask } from '../tasks/opened-task.js';
import type { Check } from './check.js';
import { answersOf, type Warning } from './diagnose.js';
import type { Sample } from './images.js';
import { lookAtImages } from './look-at-images.js';
import { logitsBy, type CheckedTeacher } from './teacher.js';

const SHEET = 60;

/**
 * Inspects a teacher with several predictions per image: the task's metrics where the images have targets, and the classes
 * that it predicts, over all pixels. Preprocessings are not compared: their rating reads one prediction per image.
 */
export async function checkDense(
  checked: CheckedTeacher,
  sample: Sample,
  { task, data, description }: OpenedTask,
): Promise<Check> {
  const { shape } = checked;
  const size = shape[0] * shape[1] * shape[2];
  const count = sample.images.length / size;
  const classifier = await checked.open(sample.classes?.length, task.outputs(data));
  try {
    const { model, classes, classNames, normalization, notices } = classifier;
    const values = await logitsBy(classifier, shape)(sample.images, count);
    const logits: HostTensor = { shape: [count, ...classifier.teacher.outputs['logits']!], data: values };
    const names = classNames ?? (sample.classes?.length === classes ? sample.classes : null);
    const nameOf = (label: number): string => names?.[label] ?? `class ${label}`;
    const answers = answersOf(values, classes);
    return {
      model,
      classes,
      classNames: names,
      normalization,
      answers,
      accuracy: null,
      task: description,
      metrics: sample.targets === null ? null : measured(task, data, logits, sample.targets),
      preprocessings: [],
      preprocessingImages: 0,
      verdict: null,
      likely: null,
      among: [],
      inUse: normalization === 'per-image' ? 'each image by its own statistics' : 'as it is given',
      flags: null,
      lead: 0,
      warnings: [...(answers.finite ? [] : [NOT_FINITE]), ...lookAtImages(sample.images, size)],
      notices: [
        ...checked.notices,
        ...notices,
        ...sample.notices,
        'preprocessings are not compared: the task has several predictions per image.',
      ],
      sheet: captionedContactSheet({
        images: sample.images,
        shape,
        captions: captionsOf(answers.top1, Math.min(SHEET, count), count, nameOf),
      }),
    };
  } finally {
    await classifier.dispose();
  }
}

const NOT_FINITE: Warning = {
  code: 'not-finite',
  message: 'some outputs are not finite numbers: the model or its preprocessing is broken.',
};

function measured(
  task: OpenedTask['task'],
  data: OpenedTask['data'],
  logits: HostTensor,
  targets: Int32Array,
): NonNullable<SplitPredictions['metrics']> {
  const measurement = task.measure(data);
  measurement.add(logits, targets);
  return measurement.result();
}

/** `62% ground`: the most frequent prediction of each of the first images. */
function captionsOf(
  predicted: readonly number[],
  shown: number,
  count: number,
  nameOf: (label: number) => string,
): string[] {
  const each = predicted.length / count;
  return Array.from({ length: shown }, (_, i) => {
    const counts = new Map<number, number>();
    for (const label of predicted.slice(i * each, (i + 1) * each))
      counts.set(label, (counts.get(label) ?? 0) + 1);
    const [label, most] = [...counts].reduce((a, b) => (b[1] > a[1] ? b : a));
    return `${Math.round((100 * most) / each)}% ${nameOf(label)}`;
  });
}
