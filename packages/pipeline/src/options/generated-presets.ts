import { STRONG } from './given-teacher-preset.js';
import type { Named } from '../text/named.js';
import { isGivenTeacher } from './given-model.js';
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

/**
 * The same for a given teacher: the method alone, in the amount that is measured in docs/results.md ("in ten minutes"). Updates
 * of the generator cost many times those of a small student, which goes on learning from the images of before.
 */
const withoutImagesOfGivenTeacher = {
  methods: [{ name: 'data-free', options: { studentSteps: 20 } }],
  training: { batchSize: 128, epochs: 24, stepsPerEpoch: 500 },
} as const satisfies RunOptionsInput;

const CHANGES = ['augment', 'crop', 'flip', 'mixup'] as const;

/** How long a student of a given teacher is trained on few images: measured in docs/results.md. */
const MEASURED = { batchSize: 128, epochs: 6, stepsPerEpoch: 500 } as const;

/** Training on few images: they are repeated, and changed strongly where the caller does not say how. */
const onFewImages = ({ data, teacher }: PartialRunOptions): RunOptionsInput => ({
  training: isGivenTeacher(teacher) ? MEASURED : { stepsPerEpoch: STEPS },
  ...(CHANGES.every((key) => data?.[key] === undefined) && {
    data: { augment: STRONG.map((named) => ({ ...named })) },
  }),
});

/** Whether a method makes its images, or is a control of one that does. */
export const isGenerating = ({ name }: Pick<Named, 'name'>): boolean => /^(few-images|data-free)/.test(name);

/** What the presets give differently where images are generated, by the options that the caller set. */
export function generatedOptions(dataset: string, given: PartialRunOptions): RunOptionsInput {
  const few = (given.methods ?? []).some(({ name }) => name.startsWith('few-images'));
  if (dataset === NO_IMAGES)
    return isGivenTeacher(given.teacher) ? withoutImagesOfGivenTeacher : withoutImages;
  return few ? onFewImages(given) : {};
}
