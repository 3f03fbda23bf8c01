import type { Backend, ModelEnvironment } from '@anc/core';
import { limitsOf } from '../budget/limits.js';
import { studentWithin } from '../budget/student-within.js';
import { choiceInWords } from '../budget/words.js';
import { hasImages } from '../data/dataset-facts.js';
import { withoutImages } from './without-images.js';
import { NO_IMAGES, ON_IMAGES } from '../options/generated-presets.js';
import { defaultMethods } from '../options/presets.js';
import type { RunOptions } from '../options/run-options.js';
import type { TrainingData } from '../data/training-data.js';
import type { CreatedMethod } from './create-method.js';
import { defaultStudent } from './default-student.js';
import type { GivenTeacher } from './given-teacher.js';
import type { PlanRequest } from './plan.js';
import { suitedDataset } from './suited-dataset.js';

/**
 * The options with a dataset whose images have one size. A resumed run keeps what it recorded. Throws `ANC_USAGE` where
 * nothing says the size.
 */
export async function withSuitedDataset(
  { options, given, composition, openTeacher }: PlanRequest,
  notice: (text: string) => void,
): Promise<RunOptions> {
  if (given.length === 0) return options; // nothing is requested: the options are a record
  if (options.data.dataset.name === NO_IMAGES)
    return withoutImages(options, openTeacher !== undefined, composition, notice);
  const teacher = openTeacher === undefined ? options.teacher.model : null;
  const dataset = await suitedDataset(options.data, teacher, composition, notice);
  return { ...options, data: { ...options.data, dataset } };
}

/** What the student is chosen for. */
interface Suiting {
  readonly teacher: GivenTeacher | null;
  readonly environment: ModelEnvironment;
  /** Where the student is trained. */
  readonly backend: Backend;
  readonly notice: (text: string) => void;
}

/**
 * The options with the student of a budget, or else with one that suits a given teacher, where the caller chose none. Throws
 * `ANC_BUDGET` where no network fits.
 */
export async function withSuitedStudent(
  { given: set, composition }: PlanRequest,
  options: RunOptions,
  { teacher, environment, backend, notice }: Suiting,
): Promise<RunOptions> {
  const limits = limitsOf(options.student);
  if (limits !== null && set.length > 0) {
    const isNamed = set.some((path) => path.join('.') === 'student.model');
    const named = isNamed ? options.student.model : null;
    const choice = await studentWithin({ limits, named, environment, composition, backend });
    for (const line of choiceInWords(choice, isNamed)) notice(line);
    return { ...options, student: { ...options.student, model: choice.model } };
  }
  if (teacher === null) return options;
  const model = await defaultStudent({
    options,
    given: set,
    teacher: teacher.given,
    environment,
    composition,
    notice,
  });
  return { ...options, student: { ...options.student, model } };
}

/**
 * The options adapted to what the data and a given teacher have, where the caller did not ask for more: without labels
 * the default methods are those that need none, without features the discriminator sees logits. Both give a notice.
 */
export function suitedTo(
  options: RunOptions,
  given: GivenTeacher | null,
  { dataset, train }: TrainingData,
  methods: readonly Pick<CreatedMethod, 'made' | 'options'>[],
  notice: (text: string) => void,
): RunOptions {
  const featureless = given !== null && given.given.teacher.outputs.features === undefined;
  const looks = featureless && options.objective.discriminatorInput === undefined;
  if (looks && methods.some(({ options: own }) => Object.hasOwn(own as object, 'input')))
    notice('the teacher has no features: discriminators see logits (--discriminator-input logits).');
  const byDefault =
    options.methods.map(({ name }) => name).join() ===
    defaultMethods(options.preset, options.data.dataset.name).join();
  const left = options.methods.filter((_, i) => methods[i]!.made.labels !== 'required');
  const real = options.methods.some(({ name }) => name === ON_IMAGES);
  if (!hasImages(dataset) && byDefault && real) {
    notice(`there are no images, so ${ON_IMAGES}, which is trained on them, is left out.`);
    return { ...options, methods: options.methods.filter(({ name }) => name !== ON_IMAGES) };
  }
  const fewer = train.labels === null && given !== null && byDefault && left.length < options.methods.length;
  if (fewer)
    notice(
      `there are no labels, so only methods without labels run: ${left.map(({ name }) => name).join(', ')}.`,
    );
  if (!looks && !fewer) return options;
  return {
    ...options,
    ...(looks ? { objective: { ...options.objective, discriminatorInput: 'logits' } } : {}),
    ...(fewer ? { methods: left } : {}),
  };
}
