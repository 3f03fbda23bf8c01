import { join } from 'node:path';

/** The data term of `modern` alone, adversarial training, and the controls; `adversarial-dead` would equal `kd` bit for bit. */
const tuned = ['kd', 'adversarial', 'adversarial-frozen', 'dropout-noise'];

const MEANING =
  'The preset itself trains longer, in batches four times as large: its learning rate starts from what was found here, it is not a result.';

/** How `modern` is tuned: half of the images are held out, so that shares of them are precise enough. */
const tuning = {
  preset: 'modern',
  'limit-train': '4000',
  validation: '0.5',
  'batch-size': '32',
  'teacher-epochs': '8',
  temperatures: '4,2',
  confirm: '3',
};

/**
 * A student of 61,706 parameters, for 3,000 updates in batches of 128, whatever its images are. The teacher is a published
 * classifier of 914,698 parameters, to be put there first.
 */
const generated = {
  dataset: 'fashion-mnist',
  teacher: join('runs', 'fashion-mnist-cnn.onnx'),
  student: 'lenet5',
  'batch-size': '128',
  epochs: '6',
  'steps-per-epoch': '500',
  'learning-rate': '0.002',
};

/** Images of the data alone, with a generator that does not play against the student, and with one that does. */
const fewImages = ['few-images-alone', 'few-images(discrepancyWeight=0)', 'few-images'];

/**
 * What is measured for docs/results.md, as `anc-cli compare` and `anc-cli tune` take it. A part with `teacherOf` is
 * given the teacher that an earlier part trained; one with `minus` has the same methods and seeds as an earlier part, whose
 * test errors are subtracted.
 */
export const experiments = {
  'fashion-mnist': {
    command: 'compare',
    title: 'Fashion-MNIST, NiN to LeNet-4',
    parts: [
      {
        name: 'paper',
        title: 'With the preset `paper`',
        options: { dataset: 'fashion-mnist', preset: 'paper', teacher: 'nin', student: 'lenet4' },
        // First the method that needs the teacher's features and logits: the teacher cache then serves all others.
        methods: [
          'feature-mse(adapter=none)',
          'supervised',
          'l2',
          'kd',
          'adversarial(regularizer=none)',
          'adversarial(regularizer=l1)',
          'adversarial(regularizer=l2)',
          'adversarial(regularizer=adversarial-samples)',
          'adversarial-dead',
        ],
      },
      {
        name: 'modern',
        title: 'With the preset `modern`, the same teacher',
        teacherOf: 'paper',
        options: { dataset: 'fashion-mnist', preset: 'modern', student: 'lenet4' },
        methods: ['l2', 'kd', 'adversarial'],
      },
    ],
  },
  'data-free': {
    command: 'compare',
    title: 'Fashion-MNIST without images, and with few',
    notes: [
      'A published classifier in an ONNX file is distilled to LeNet-5; every student has 3,000 updates. Methods named data-free see none of the images, but for mean and deviation of their pixels. `few-images-alone` on all images is the upper bound.',
      'Without images, with a weight of the discrepancy of 1: the aim of 79 % of correct predictions is missed by half a point. Of the game nothing can be measured: the same generator with its other terms alone does as well. An untrained generator is far better than noise, and far worse than a trained one.',
      'With the default weight of 5, which was chosen by seed 1, the game is better than the same generator without it in each of three other seeds, by 1.28 ± 0.56 points.',
      'With images of another domain: half of the images generated in the game make up for a good part of the domain. The aim was ten points, five are measured. How much of them is the game and how much the other terms of the generator was not measured.',
    ],
    parts: [
      {
        name: 'none',
        title: 'Without images',
        options: { ...generated, augment: 'none' },
        methods: [
          'data-free-noise',
          'data-free-untrained',
          'data-free-non-adversarial',
          'data-free(discrepancyWeight=1)',
          'few-images-alone',
        ],
      },
      {
        name: 'fifty',
        title: 'With 50 images',
        options: { ...generated, 'limit-train': '50', seed: '4' },
        methods: fewImages,
      },
      {
        name: 'two-hundred',
        title: 'With 200 images',
        options: { ...generated, 'limit-train': '200', seed: '4' },
        methods: fewImages,
      },
      {
        name: 'transfer',
        title: 'With images of another domain: gray crops of CIFAR-100',
        options: { ...generated, 'transfer-dataset': 'cifar100', 'transfer-fit': 'crop', seed: '4' },
        methods: fewImages,
      },
      {
        name: 'weight',
        title: 'Without images, the default weight of the discrepancy',
        options: { ...generated, augment: 'none', seed: '4' },
        methods: ['data-free-non-adversarial', 'data-free(discrepancyWeight=5)'],
      },
      {
        name: 'ten-minutes',
        title: 'Without images, in ten minutes',
        options: { ...generated, augment: 'none', seed: '4', epochs: '24' },
        methods: ['data-free-non-adversarial(studentSteps=20)', 'data-free(studentSteps=20)'],
      },
      {
        name: 'forty-minutes',
        title: 'Without images, in forty minutes',
        options: { ...generated, augment: 'none', seed: '4', epochs: '96' },
        methods: ['data-free(studentSteps=20)', 'data-free-non-adversarial(studentSteps=20)'],
      },
    ],
  },
  'data-free-ablations': {
    command: 'compare',
    title: 'Fashion-MNIST without images: parts of the method apart',
    notes: [
      'The same teacher, student and number of updates as above. One part of `data-free` is changed in each row.',
    ],
    parts: [
      {
        name: 'generator',
        title: 'Terms and width of the generator, and mixup of its images',
        options: { ...generated, augment: 'none' },
        methods: [
          'data-free',
          'data-free(generatorTerms=[])',
          'data-free(generatorTerms=[class-balance])',
          'data-free(generatorTerms=[confidence])',
          'data-free(generatorTerms=[activation])',
          'data-free(generator=conv(width=64))',
          'data-free(mixup=true)',
        ],
      },
      {
        name: 'batch-norm-student',
        title: 'A student with batch norm',
        options: { ...generated, augment: 'none', student: 'cnn(widths=[8,16],features=64,batchNorm=true)' },
        methods: ['data-free-non-adversarial', 'data-free'],
      },
      {
        name: 'plain-student',
        title: 'The same student without batch norm',
        options: { ...generated, augment: 'none', student: 'cnn(widths=[8,16],features=64)' },
        methods: ['data-free-non-adversarial', 'data-free'],
      },
      {
        name: 'batch-norm-teacher',
        title: 'A teacher with statistics of batch norm',
        options: { ...generated, augment: 'none', teacher: 'cnn-teacher', 'teacher-epochs': '2' },
        methods: ['data-free', 'data-free(generatorTerms=[class-balance,confidence,activation,batch-norm])'],
      },
    ],
  },
  'teacher-precision': {
    command: 'compare',
    title: 'Fashion-MNIST: a teacher in 8 bits',
    notes: [
      'The published classifier of the section before is distilled to LeNet-5 on all images, once computed in float32 and once in 8-bit integers (`--teacher-precision int8`, on oneDNN). Seeds, images and updates are the same, so differences are taken seed by seed.',
    ],
    parts: [
      {
        name: 'float32',
        title: 'The teacher in float32',
        options: { ...generated, 'teacher-precision': 'float32' },
        methods: ['kd', 'adversarial'],
      },
      {
        name: 'int8',
        title: 'The teacher in int8',
        minus: 'float32',
        options: { ...generated, 'teacher-precision': 'int8' },
        methods: ['kd', 'adversarial'],
      },
    ],
  },
  'tuning-fashion-mnist': {
    command: 'tune',
    title: 'Tuning the preset `modern`: Fashion-MNIST',
    notes: [
      'Short trainings of LeNet-4 with a small teacher, to choose the learning rate and the temperature of `modern` for this data set, and whether its adversarial term is on.',
      MEANING,
    ],
    preset: { method: 'kd', learningRate: 0.002, temperature: 4 },
    parts: [
      {
        name: 'tune',
        options: {
          ...tuning,
          dataset: 'fashion-mnist',
          teacher: 'cnn-teacher',
          epochs: '3',
          'learning-rates': '0.0005,0.001,0.002,0.004',
        },
        methods: tuned,
      },
    ],
  },
  'tuning-glyphs': {
    command: 'tune',
    title: 'Tuning the preset `modern`: glyphs',
    notes: ['Short trainings of the small pair, for the same choices.', MEANING],
    preset: { method: 'kd', learningRate: 0.008, temperature: 4 },
    parts: [
      {
        name: 'tune',
        options: {
          ...tuning,
          dataset: 'glyphs',
          epochs: '8',
          'learning-rates': '0.002,0.004,0.008,0.016',
        },
        methods: ['l2', ...tuned],
      },
    ],
  },
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
