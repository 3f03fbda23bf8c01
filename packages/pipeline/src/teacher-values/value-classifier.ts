import { createHash } from 'node:crypto';
import { AncError, Rng, type Dataset, type Teacher } from '@anc/core';
import type { Classifier } from '../classifier/classifier.js';
import { classesAreFolders } from '../data/dataset-facts.js';
import { isHttpTeacher } from '../endpoint/http-teacher.js';
import { FunctionTeacher, type TeacherFunction } from './function-teacher.js';
import { InterpretedTeacher, meaningNotice, meaningOf, type OutputMeaning } from './interpreted-teacher.js';

/**
 * A function or a `Teacher` of the caller as a classifier for the images of a dataset. Throws `ANC_TEACHER_OUTPUT` and
 * `ANC_CLASSES` where its outputs are not those of a classifier.
 */
export async function valueClassifier(
  value: TeacherFunction | Teacher,
  dataset: Dataset,
  names: readonly string[] | undefined,
): Promise<Classifier> {
  const { shape, classes } = dataset;
  const isFunction = typeof value === 'function';
  const raw = isFunction ? await FunctionTeacher.create(value, shape) : value;
  const numbers = raw.outputs.logits?.[0];
  if (numbers === undefined || numbers < 1) {
    throw new AncError('ANC_TEACHER_OUTPUT', 'the teacher gives no logits of at least two classes.', {
      expected: 'logits [batch, classes]',
      received: numbers === undefined ? 'no output named "logits"' : 'no numbers',
    });
  }
  if (!isFunction) await assertLogits(raw, numbers, shape);
  const meaning = await meaningFor(raw, numbers, shape, isFunction ? value : null);
  const teacher = meaning === 'logits' ? raw : new InterpretedTeacher(raw, meaning);
  const width = teacher.outputs.logits![0]!;
  const notice = meaningNotice(teacher.name, meaning);
  const own = names ?? (isFunction ? value.classes : undefined);
  if (own !== undefined && own.length !== width) {
    throw new AncError('ANC_CLASSES', 'the teacher has other classes than it names.', {
      expected: `${width} names, one for each logit`,
      received: `${own.length}`,
    });
  }
  return {
    teacher,
    model: teacher.name,
    classes: width,
    classNames: own ?? (classes.length === width && !classesAreFolders(dataset) ? classes : null),
    parameters: null,
    flops: null,
    normalization: null,
    digest: await digestOf(raw, shape, isFunction ? value : null),
    bytes: 0,
    notices: notice === null ? [] : [notice],
    dispose: () => Promise.resolve(), // it belongs to the caller
  };
}

/** Refuses a `Teacher` that does not give the logits that it declares, a row for each of two images. */
async function assertLogits(teacher: Teacher, width: number, shape: Dataset['shape']): Promise<void> {
  const data = new Uint8Array(2 * shape[0] * shape[1] * shape[2]);
  const { logits } = await teacher.infer({ shape: [2, ...shape], data }, ['logits']);
  if (logits?.shape[0] === 2 && logits.data.length === 2 * width) return;
  throw new AncError('ANC_TEACHER_OUTPUT', `teacher "${teacher.name}" gives logits of another shape.`, {
    expected: `[2, ${width}] for 2 images`,
    received: logits === undefined ? 'none' : `[${logits.shape.join(', ')}]`,
  });
}

/** What the numbers are: those of a `Teacher` are logits, but for a single one; those of a function may be probabilities. */
async function meaningFor(
  raw: Teacher,
  numbers: number,
  shape: Dataset['shape'],
  call: TeacherFunction | null,
): Promise<OutputMeaning> {
  if (numbers === 1 || call?.outputs !== undefined) return meaningOf(raw, shape, call?.outputs);
  return raw instanceof FunctionTeacher && raw.mayBeProbabilities
    ? meaningOf(raw, shape, undefined)
    : 'logits';
}

/**
 * What a resumed run compares: a `Teacher` has a hash; a function is known by its name and by its outputs for fixed noise,
 * those of an address to three digits.
 */
async function digestOf(
  teacher: Teacher,
  shape: Dataset['shape'],
  call: TeacherFunction | null,
): Promise<string> {
  const hash = createHash('sha256');
  if (call === null) return hash.update(teacher.hash).digest('hex');
  const rng = Rng.fromSeed(0).split('teacher function');
  const data = Uint8Array.from({ length: 2 * shape[0] * shape[1] * shape[2] }, () => rng.int(256));
  const { logits } = await teacher.infer({ shape: [2, ...shape], data }, ['logits']);
  const values = isHttpTeacher(call) ? rounded(logits!.data) : logits!.data.slice();
  return hash.update(teacher.name).update(new Uint8Array(values.buffer)).digest('hex');
}

/** Values to three significant digits of the largest one. */
function rounded(values: ArrayLike<number>): Float32Array<ArrayBuffer> {
  const largest = Array.from(values).reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const step = largest === 0 ? 1 : 10 ** (Math.floor(Math.log10(largest)) - 2);
  return Float32Array.from(values, (value) => Math.round(value / step) + 0); // never -0
}
