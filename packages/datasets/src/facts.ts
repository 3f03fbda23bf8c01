/**
 * Published facts about well-known datasets, without their files: sizes, and how networks trained on them usually
 * normalize their images. An entry of its own (`@anc/datasets/facts`) that loads nothing else of this package.
 */

/** Mean and standard deviation per channel: of one gray channel, or of red, green and blue. */
export interface ChannelNormalization {
  /** Mean per channel. */
  readonly mean: readonly number[];
  /** Standard deviation per channel. */
  readonly std: readonly number[];
}

/** What is known of a published dataset without its files. */
export interface DatasetFacts {
  /** As `--dataset` takes it. */
  readonly name: string;
  /** [H, W, C]. */
  readonly shape: readonly [number, number, number];
  /** Number of classes. */
  readonly classes: number;
  /** Images for training. */
  readonly trainingImages: number;
  /** Images for the test. */
  readonly testImages: number;
  /** What published networks commonly use, for pixels in 0..1; null if there is no common choice. */
  readonly normalization: ChannelNormalization | null;
}

/** The datasets by name. */
export const datasetFacts = {
  /** MNIST (LeCun, Cortes, Burges 1998): handwritten digits. Normalization as in PyTorch's examples. */
  mnist: {
    name: 'mnist',
    shape: [28, 28, 1],
    classes: 10,
    trainingImages: 60_000,
    testImages: 10_000,
    normalization: { mean: [0.1307], std: [0.3081] },
  },
  /** Fashion-MNIST (Xiao, Rasul, Vollgraf 2017): clothing. Normalization: the statistics of its training images. */
  'fashion-mnist': {
    name: 'fashion-mnist',
    shape: [28, 28, 1],
    classes: 10,
    trainingImages: 60_000,
    testImages: 10_000,
    normalization: { mean: [0.286], std: [0.353] },
  },
  /** CIFAR-10 (Krizhevsky 2009). Normalization as in kuangliu/pytorch-cifar, which many checkpoints come from. */
  cifar10: {
    name: 'cifar10',
    shape: [32, 32, 3],
    classes: 10,
    trainingImages: 50_000,
    testImages: 10_000,
    normalization: { mean: [0.4914, 0.4822, 0.4465], std: [0.2023, 0.1994, 0.201] },
  },
  /** CIFAR-100 (Krizhevsky 2009), its fine classes. Normalization: the statistics of its training images. */
  cifar100: {
    name: 'cifar100',
    shape: [32, 32, 3],
    classes: 100,
    trainingImages: 50_000,
    testImages: 10_000,
    normalization: { mean: [0.5071, 0.4867, 0.4408], std: [0.2675, 0.2565, 0.2761] },
  },
  /**
   * SVHN (Netzer et al. 2011): cropped digits, without the 531,131 extra training images. Normalization: the statistics of
   * its training images.
   */
  svhn: {
    name: 'svhn',
    shape: [32, 32, 3],
    classes: 10,
    trainingImages: 73_257,
    testImages: 26_032,
    normalization: { mean: [0.4377, 0.4438, 0.4728], std: [0.198, 0.201, 0.197] },
  },
  /**
   * ImageNet (ILSVRC 2012, Russakovsky et al. 2015) at the size that most of its networks take; its validation images
   * serve for testing. Normalization as in torchvision's models.
   */
  imagenet: {
    name: 'imagenet',
    shape: [224, 224, 3],
    classes: 1000,
    trainingImages: 1_281_167,
    testImages: 50_000,
    normalization: { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
  },
} as const satisfies Readonly<Record<string, DatasetFacts>>;

/** Facts about a dataset; null if its size is not published, as for generated images and the user's own. */
export const factsOf = (name: string): DatasetFacts | null =>
  Object.hasOwn(datasetFacts, name) ? datasetFacts[name as keyof typeof datasetFacts] : null;

/**
 * ImageNet's two common normalizations, for bytes (0..255): torchvision's mean and deviation, and the mean alone, which
 * networks first trained in Caffe take (Simonyan and Zisserman 2015, VGG).
 */
export const imagenetByteNormalizations = {
  torchvision: { mean: [123.675, 116.28, 103.53], std: [58.395, 57.12, 57.375] },
  caffe: { mean: [123.68, 116.779, 103.939], std: [1, 1, 1] },
} as const satisfies Readonly<Record<string, ChannelNormalization>>;
