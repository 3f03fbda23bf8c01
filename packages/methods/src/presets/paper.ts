import type { Preset, PresetFamily } from './preset.js';

const momentum = {
  optimizer: 'momentum',
  learningRate: 0.001,
  momentum: 0.9,
  weightDecay: 0.0002,
  schedule: { kind: 'step', milestones: [80_000], unit: 'iterations', factor: 0.1 },
} as const satisfies Preset['optimizer'];

/** With L2 regularization in the loss, as TensorFlow's networks of the time have it, also where Adam divides the gradient. */
const adam = { ...momentum, optimizer: 'adam', decayMode: 'l2' } as const;

/** The official ResNet code decays every variable of its CIFAR networks, batch norm and biases included. */
const everywhere = { decayScope: 'all' } as const;

const cifar = { optimizer: { ...momentum, ...everywhere } } as const;

const fashionMnist = { optimizer: adam, epochs: 120 } as const;

/** A flipped digit or glyph is another symbol. */
const symbols = { ...fashionMnist, augmentation: { crop: 4, flip: false } } as const;

/**
 * Sections 3.6 and 4 of arXiv 1803.10750, and for what they leave out the code that they name: "the official TF code for
 * all ResNet variants" (tensorflow/models, official/resnet, of March 2018). From its `cifar10_main.py` and
 * `resnet_run_loop.py`: momentum 0.9, crops with 4 pixels of padding, weight decay on all variables of the CIFAR networks
 * (which are SVHN's too; for ImageNet it leaves batch norm out), as L2 in the loss. Its batch norm (0.997) and initial
 * weights (variance scaling) are options of the networks: `PAPER_RESNET_OPTIONS`.
 *
 * Chosen here: Adam's learning rate 0.001 and betas 0.9 and 0.999, and the number of ImageNet epochs. MNIST and the
 * generated glyphs, which the paper does not have, are trained like Fashion-MNIST, without flips.
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
    cifar10: cifar,
    cifar100: cifar,
    svhn: { optimizer: { ...adam, ...everywhere } },
    'fashion-mnist': fashionMnist,
    mnist: symbols,
    glyphs: symbols,
    imagenet: { batchSize: 256, epochs: 90 },
  },
};

/**
 * Options of the paper's CIFAR ResNets that their code (official/resnet/resnet_model.py) sets: momentum of batch norm,
 * and `variance_scaling_initializer` of scale 1, which is `lecun-normal`.
 */
export const PAPER_RESNET_OPTIONS = { momentum: 0.997, initializer: 'lecun-normal' } as const;
