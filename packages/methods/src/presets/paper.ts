import type { Preset, PresetFamily } from './preset.js';

const momentum = {
  optimizer: 'momentum',
  learningRate: 0.001,
  momentum: 0.9,
  weightDecay: 0.0002,
  schedule: { kind: 'step', milestones: [80_000], unit: 'iterations', factor: 0.1 },
} as const satisfies Preset['optimizer'];

const adam = { ...momentum, optimizer: 'adam' } as const;

const fashionMnist = { optimizer: adam, epochs: 120 } as const;

/** A flipped digit or glyph is another symbol. */
const symbols = { ...fashionMnist, augmentation: { crop: 4, flip: false } } as const;

/**
 * Sections 3.6 and 4 of arXiv 1803.10750. Not stated there and chosen here: momentum 0.9, Adam's learning rate 0.001
 * and betas 0.9 and 0.999, crops with 4 pixels of padding, and the number of ImageNet epochs. MNIST and the generated
 * glyphs, which the paper does not have, are trained like Fashion-MNIST, without flips.
 */
export const paper: PresetFamily = {
  base: {
    summary: 'the paper as written: SGD 0.001, ×0.1 at 80,000 iterations, L2 on logits, Eq. 7',
    methods: ['supervised', 'l2', 'kd', 'adversarial'],
    epochs: 260,
    batchSize: 128,
    augmentation: { crop: 4, flip: true },
    optimizer: momentum,
    objective: {
      discriminator: '128-256-128',
      input: 'features',
      dataTerm: { name: 'l2', reduction: 'sum' },
      lambda: 1,
      adversarialLoss: 'label-inversion',
      adversarialWeight: 1,
      regularizer: 'adversarial-samples',
      balancer: 'fixed',
      dropout: 0.5,
      dropoutPosition: 'adversarial-sample',
    },
  },
  datasets: {
    svhn: { optimizer: adam },
    'fashion-mnist': fashionMnist,
    mnist: symbols,
    glyphs: symbols,
    imagenet: { batchSize: 256, epochs: 90 },
  },
};
