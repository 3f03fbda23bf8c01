import { comparisons } from './experiments/comparisons.mjs';
import { dataFree } from './experiments/data-free.mjs';
import { paperTraining } from './experiments/paper-training.mjs';
import { precision } from './experiments/precision.mjs';
import { tunings } from './experiments/tuning.mjs';

/**
 * What is measured for docs/results.md, as `anc-cli compare` and `anc-cli tune` take it. A part with `teacherOf` is
 * given the teacher that an earlier part trained; one with `minus` has the same methods and seeds as an earlier part, whose
 * test errors are subtracted.
 */
export const experiments = {
  ...comparisons,
  ...paperTraining,
  ...dataFree,
  ...precision,
  ...tunings,
};

/**
 * Title and notes of measurements that were made under a name of their own (`--name`). Others take those of their
 * experiment.
 */
export const named = {
  'fashion-mnist-short': {
    title: 'Fashion-MNIST, NiN to LeNet-4: a short training',
    notes: [
      'With a regularizer the adversarial method is not distinguishable from its own data term. A discriminator of zeros gives exactly the students of `l2`, as it must.',
      "Without a regularizer it is worse, far beyond what the seeds explain: the discriminator wins at once, and its gradient, then half as large as the data term's, is no help. The paper found the same order.",
      "The regularizers work by muting the discriminator: with one, the adversarial gradient is many times smaller than the data term's.",
      "These students are at the start of their training: an order of methods after one epoch need not be the order at the end. The learning rate is the preset's and was tuned for none of them.",
    ],
  },
};
