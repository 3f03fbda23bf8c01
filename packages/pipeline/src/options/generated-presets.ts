import { STRONG } from './given-teacher-preset.js';
import type { Named } from '../text/named.js';
import { isGivenTeacher, startsTrained } from './given-model.js';
import type { PartialRunOptions, RunOptionsInput } from './run-options.js';

/** Name of the dataset without images. */
export const NO_IMAGES = 'none';

/** The method that is trained on real images beside those that make theirs. */
export const ON_IMAGES = 'kd';

/** Updates of a student that count as an epoch where its images are few and repeated. */
const STEPS = 100;

/** The same where there are none: with a teacher and all controls, the default takes less than three minutes on two cores. */
const STEPS_WITHOUT_IMAGES = 80;

/** Training without images: the method, its controls, and training on real images, where there are some. */
const withoutImages = {
  methods: ['data-free-noise', 'data-free-untrained', 'data-free-non-adversarial', 'data-free', ON_IMAGES],
  training: { stepsPerEpoch: STEPS_WITHOUT_IMAGES },
} as const satisfies RunOptionsInput;

/** The same for a given teacher: the method alone, with the updates per update of the generator that docs/results.md measures. */
const withoutImagesOfGivenTeacher = {
  ...withoutImages,
  methods: [{ name: 'data-free', options: { studentSteps: 20 } }],
} as const satisfies RunOptionsInput;

const CHANGES = ['augment', 'crop', 'flip', 'mixup'] as const;

/** Training on few images: they are repeated, and changed strongly where the caller does not say how. */
const onFewImages = ({ data }: PartialRunOptions): RunOptionsInput => ({
  training: { stepsPerEpoch: STEPS },
  ...(CHANGES.every((key) => data?.[key] === undefined) && {
    data: { augment: STRONG.map((named) => ({ ...named })) },
  }),
});

/** Whether a method makes its images, or is a control of one that does. */
export const isGenerating = ({ name }: Pick<Named, 'name'>): boolean => /^(few-images|data-free)/.test(name);

const isFew = ({ methods = [] }: PartialRunOptions): boolean =>
  methods.some(({ name }) => name.startsWith('few-images'));

/** What every preset gives differently where images are generated, by the options that the caller set. */
export function generatedOptions(dataset: string, given: PartialRunOptions): RunOptionsInput {
  if (dataset === NO_IMAGES)
    return isGivenTeacher(given.teacher) ? withoutImagesOfGivenTeacher : withoutImages;
  return isFew(given) ? onFewImages(given) : {};
}

/**
 * The training of a given teacher's student on generated images, of the preset that is taken where none is named. Without
 * images it is the one of docs/results.md ("in ten minutes"). With few, the rate was the best of 0.002, 0.004 and 0.008 for 50 images of
 * Fashion-MNIST, one seed, with and without a generator; trained weights keep the lower one.
 */
export function measuredTraining(
  dataset: string,
  given: PartialRunOptions,
): NonNullable<RunOptionsInput['training']> {
  if (!isGivenTeacher(given.teacher)) return {};
  const measured = { batchSize: 128, stepsPerEpoch: 500 };
  if (dataset === NO_IMAGES) return { ...measured, epochs: 24 };
  if (!isFew(given)) return {};
  return { ...measured, epochs: 6, ...(startsTrained(given.student) ? {} : { learningRate: 0.008 }) };
}
