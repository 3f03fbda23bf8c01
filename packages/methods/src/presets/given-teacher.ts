import type { PresetFamily } from './preset.js';

/**
 * What imitates a given teacher best: the default where the teacher is a file, a run folder or a function. Chosen by
 * agreement with the teacher on training images that the students had not seen, with the same number of updates for every
 * candidate, over three pairs of teacher and images (docs/results.md; `tools/results/given-teacher/measure.mjs`). The pipeline
 * adds what depends on the number of images: the number of updates, and how images are changed.
 */
export const givenTeacher: PresetFamily = {
  base: {
    summary:
      'for a given teacher: Adam at a higher rate, at least 1,200 updates, strong changes of few images',
    methods: ['supervised', 'l2', 'kd', 'adversarial'],
    epochs: 12,
    batchSize: 64,
    augmentation: { crop: 0, flip: false },
    optimizer: {
      optimizer: 'adam',
      learningRate: 0.012,
      weightDecay: 0.0002,
      schedule: { kind: 'cosine', warmup: 0.05 },
    },
    objective: {},
  },
  datasets: {},
};
