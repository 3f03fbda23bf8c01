/**
 * Every option of a run, group by group. More than 300 lines: it is one table, which help texts, configuration files and JSON
 * Schema are made of, and is looked up rather than read.
 */
import { z } from 'zod';
import { declare } from './declare.js';
import { MOST_THREADS } from './most-threads.js';

const share = z.number().min(0).max(1);
const positive = z.number().positive();
const weight = z.number().nonnegative();

const data = declare('Data');
const models = declare('Models and methods');
const training = declare('Training');
const teacherTraining = declare("The teacher's training");
const objective = declare("Objective, for methods that have it; default: each method's own");
const compute = declare('Compute');
const output = declare('Output');

export const dataSchema = z.strictObject({
  dataset: data.named('dataset', 'images to train on: a dataset that `list` lists'),
  directory: data.path('dataDir', "folder with the dataset's files (also ANC_DATA_DIR)"),
  transferDataset: data.named(
    'transferDataset',
    'another dataset, or a folder of images, whose training images students learn from; --dataset is then what they are measured on, and a trained teacher is given; no label of it is read',
  ),
  transferFit: data.choice(
    'transferFit',
    ['resize', 'crop'],
    'how those images are brought to the size of the dataset: the largest centered part, resized (default), or the center as it is',
  ),
  limitTrain: data.limit('limitTrain', 'use only this many training images'),
  limitTest: data.limit('limitTest', 'use only this many test images'),
  validation: data.number(
    'validation',
    z.number().min(0).lt(1),
    'share of the training images that is held out and evaluated after every epoch; the weights of the best epoch are kept beside the last',
    'share',
  ),
  stratify: data.boolean('stratify', 'hold out the same share of every class; reads labels'),
  augment: data.augmentations(
    'augment',
    'random changes of training images, in this order, e.g. "crop(4),flip,color-jitter(0.4)"; none: no changes; see `list`',
  ),
  crop: data.integer('crop', 0, 'crop(n) without --augment: padding of random crops in pixels; 0: no crops'),
  flip: data.boolean('flip', 'flip without --augment: flip training images horizontally at random'),
  normalization: data.choice(
    'normalization',
    ['channel', 'pixel', 'image'],
    'statistics that inputs are normalized by: mean and deviation per channel (default), the mean image, or those of each image',
  ),
  mixup: data.number(
    'mixup',
    weight,
    'mixup(alpha) without --augment: mixes pairs of images, for teacher and student alike, where training reads no labels: α of Beta(α, α); 0: off',
    'alpha',
  ),
  views: data.limit(
    'views',
    'number of fixed augmented views per image; with few of them the teacher cache is hit',
  ),
  seed: data.integer('dataSeed', 0, 'random seed of subsets, splits and generated images; default: seed'),
});

export const teacherSchema = z.strictObject({
  model: models.named(
    'teacher',
    'the network to distill: a model to train with labels first, or a trained one: model.onnx, a file of weights, a run folder',
  ),
  preprocessing: models.text(
    'teacherPreprocessing',
    'how',
    'pixel values that a given teacher expects, where its file does not say: unit, signed, none, imagenet, …, or mean/std',
  ),
  classes: models.texts(
    'classes',
    'names',
    'the outputs of a given ONNX teacher to use as classes: names, indices or index=name',
  ),
  epochs: teacherTraining.integer('teacherEpochs', 1, 'epochs; default: as for students'),
  optimizer: teacherTraining.named('teacherOptimizer', 'optimizer; default: as for students'),
  learningRate: teacherTraining.number(
    'teacherLearningRate',
    positive,
    'learning rate; default: as for students',
  ),
  seed: teacherTraining.integer(
    'teacherSeed',
    0,
    "random seed of the teacher's initialization and batches; default: seed",
  ),
  backend: compute.named('teacherBackend', "backend for the teacher's forward pass; default: backend"),
  precision: compute.choice(
    'teacherPrecision',
    ['float32', 'bfloat16', 'float16', 'int8'],
    "what the layers of the frozen teacher multiply. On the backend onednn: int8, with ranges measured on training images, where the processor has VNNI, or bfloat16; on onnx:cuda and webgpu: float16; default: the backend's",
  ),
});

export const studentSchema = z.strictObject({
  model: models.named(
    'student',
    'the small network that is trained to imitate the teacher: a model, or model.onnx, whose weights it starts from; model.onnx(init=fresh) takes the architecture alone',
  ),
  weights: models.text(
    'studentWeights',
    'file',
    'start the student from the weights of a file, as far as names and shapes agree; a report says which',
  ),
  continues: models.text(
    'continue',
    'run',
    'continue from a finished run: its options where none are given here, its teacher, and the weights of its student (the one that export takes, or that of --methods), with a new schedule',
  ),
  freeze: models.text(
    'freeze',
    'names',
    'parameters of the student that keep their values: patterns of their names, e.g. "conv1/*,layer1/*"',
  ),
  maxParameters: models.quantity(
    'maxParameters',
    'budget: choose a student of at most so many parameters, e.g. 100k',
  ),
  maxFlops: models.quantity(
    'maxFlops',
    'budget: choose a student of at most so many FLOPs for one image (2 × multiply-adds), e.g. 5M',
  ),
  maxBytes: models.quantity(
    'maxBytes',
    'budget: choose a student whose weights take at most so many bytes as float32, e.g. 300k',
  ),
  maxMs: models.number(
    'maxMs',
    positive,
    'budget: choose a student whose forward pass of one image takes at most so long on its backend, as measured here',
    'ms',
  ),
  backend: compute.named('studentBackend', 'backend for training; default: backend'),
});

export const trainingSchema = z.strictObject({
  epochs: training.integer('epochs', 1, 'epochs: passes over the training images, for each student'),
  time: training.duration(
    'time',
    'how long the run may take, e.g. 30m or 1h30m, in place of epochs: students share what is left of it, and schedules end with it',
  ),
  batchSize: training.integer('batchSize', 1, 'images per step'),
  stepsPerEpoch: training.integer(
    'stepsPerEpoch',
    1,
    'steps that count as an epoch of a student, in repeated passes over the images; default: one pass, without images 100',
  ),
  accumulate: training.integer(
    'accumulate',
    1,
    'micro-batches of each batch, for batches larger than memory: gradients are averaged over them before each update; default: 1',
  ),
  batchNorm: training.choice(
    'batchNorm',
    ['synchronized', 'local'],
    'batch norm of a training on several ranks: by the statistics of the whole batch, as in one process (default), or of the rows of each rank, with fewer messages',
  ),
  optimizer: training.named(
    'optimizer',
    'optimizer of students, e.g. momentum, adamw or lamb(beta2=0.99): one that `list` lists',
  ),
  learningRate: training.number('learningRate', positive, 'initial learning rate of students'),
  momentum: training.number('momentum', z.number().min(0).lt(1), 'momentum, of optimizers that have it'),
  weightDecay: training.number(
    'weightDecay',
    weight,
    'weight decay, on weights but not on biases or batch norm',
  ),
  decayMode: training.choice(
    'decayMode',
    ['auto', 'l2', 'decoupled'],
    'how weight decay is applied; auto: l2 with SGD, decoupled with Adam',
  ),
  decayScope: training.text(
    'decayScope',
    'names',
    'parameters that weight decay applies to: weights, all, or patterns of their names, e.g. "conv*,!*/bias"',
  ),
  clipNorm: training.number(
    'clipNorm',
    positive,
    "limit of the gradient's norm over all parameters of a network, for every optimizer; default: no limit",
  ),
  ema: training.number(
    'ema',
    z.number().gt(0).lt(1),
    "decay rate of an exponential moving average of a student's weights, e.g. 0.999: it is evaluated, and written beside the last weights; default: none",
    'share',
  ),
  schedule: training.named(
    'schedule',
    'learning rate schedule, e.g. cosine or one-cycle(peak=0.2): one that `list` lists',
  ),
  warmup: training.number(
    'warmup',
    share,
    'share of the training over which the learning rate rises linearly from zero',
    'share',
  ),
  milestones: training.numbers('milestones', 'points at which a step schedule multiplies the learning rate'),
  milestoneUnit: training.choice('milestoneUnit', ['iterations', 'share'], 'unit of the milestones'),
  decayFactor: training.number('decayFactor', positive, 'factor of a step schedule'),
  seed: training.integer('seed', 0, 'random seed'),
});

export const objectiveSchema = z.strictObject({
  quantize: objective.choice(
    'quantize',
    ['none', 'ttq', 'binaryconnect', 'bwn', 'xnor'],
    'train every student with weights of two or three values, by this estimator',
  ),
  lambda: objective.number('lambda', weight, 'weight of the data term'),
  dataTerm: objective.named('dataTerm', 'data term: distance between the logits of student and teacher'),
  reduction: objective.choice('reduction', ['sum', 'mean'], 'reduction of the l2 data term over classes'),
  temperature: objective.number('temperature', positive, 'temperature of the softmax in distillation'),
  hardWeight: objective.number(
    'hardWeight',
    share,
    'weight of the cross-entropy with labels; the data term has the rest. 0 reads no labels',
    'share',
  ),
  hardWeightMode: objective.choice(
    'hardWeightMode',
    ['share', 'added'],
    'share: the data term has the rest of the weight; added: the cross-entropy with labels comes on top',
  ),
  dataWarmup: objective.integer(
    'dataWarmup',
    0,
    'epochs over which the weight of the data term rises, from the first on; 0: none',
  ),
  discriminator: objective.named('discriminator', 'discriminator architecture'),
  spectralNorm: objective.boolean('spectralNorm', 'apply spectral normalization to the discriminator'),
  adapter: objective.choice(
    'adapter',
    ['none', 'linear'],
    "linear: a learned linear projection of the student's features to the teacher's width; it is not exported",
  ),
  condition: objective.choice(
    'condition',
    ['teacher', 'labels'],
    "condition of conditional discriminators: the teacher's prediction, or labels",
  ),
  discriminatorInput: objective.text(
    'discriminatorInput',
    'output',
    'output of the networks that the discriminator sees: features, logits or a named intermediate output',
  ),
  adversarialLoss: objective.named('adversarialLoss', 'adversarial loss of student and discriminator'),
  adversarialWeight: objective.number('adversarialWeight', weight, 'weight of the adversarial term'),
  adversarialWarmup: objective.integer(
    'adversarialWarmup',
    0,
    'epochs over which the weight of the adversarial term rises, from the start of adversarial training on; 0: none',
  ),
  regularizer: objective.named('regularizer', 'regularizer of the discriminator'),
  regularizerUpdate: objective.choice(
    'regularizerUpdate',
    ['joint', 'separate'],
    "joint: part of the discriminator's loss; separate: an update of its own",
  ),
  mu: objective.number('mu', weight, 'weight of the l1 and l2 regularizers'),
  balancer: objective.named('balancer', 'how the weight of the adversarial term adapts during training'),
  dropout: objective.number(
    'dropout',
    z.number().min(0).lt(1),
    "dropout rate of the student's features before the discriminator, in the student's update",
    'share',
  ),
  dropoutPosition: objective.choice(
    'dropoutPosition',
    ['adversarial-sample', 'inside-student'],
    'where that dropout is applied',
  ),
  start: objective.integer('start', 0, 'epochs with the data term alone before adversarial training starts'),
  discriminatorOptimizer: objective.named(
    'discriminatorOptimizer',
    "optimizer of the discriminator; default: the student's",
  ),
  discriminatorLearningRate: objective.number(
    'discriminatorLearningRate',
    positive,
    "learning rate of the discriminator; default: the student's",
  ),
  discriminatorSteps: objective.integer('discriminatorSteps', 1, 'discriminator updates per student update'),
});

export const computeSchema = z.strictObject({
  backend: compute.named(
    'backend',
    'backend: onnx, onnx:webgpu, tfjs:wasm, …, or auto; see `anc-cli doctor`',
  ),
  threads: compute.limit(
    'threads',
    "number of threads, for backends that use threads; default: the backend's",
    MOST_THREADS,
  ),
  precision: compute.choice(
    'precision',
    ['float32', 'bfloat16', 'float16', 'auto'],
    'what layers multiply in training steps; weights, sums, losses and updates are float32. bfloat16: on the backend onednn, where the processor has it; float16: on the backends onnx:cuda and webgpu, where the GPU has it; auto: bfloat16 where that is known to be faster, which is with AMX, and with AVX512_BF16 on processors of AMD; default: auto on the backend onednn, float32 elsewhere',
  ),
});

export const cacheSchema = z.strictObject({
  memoryMb: compute.integer('teacherCacheMb', 0, 'memory for cached teacher outputs in MB; 0: no cache'),
  directory: compute.path(
    'teacherCacheDir',
    'folder that keeps teacher outputs on disk, for later runs too; default: none',
  ),
  diskMb: compute.limit(
    'teacherCacheDiskMb',
    'disk space for one teacher and dataset in MB; default: no limit',
  ),
  float16: compute.boolean('teacherCacheFloat16', 'store teacher outputs in half precision'),
});

export const outputSchema = z.strictObject({
  directory: output.text('out', 'folder', 'folder in which run folders are created'),
  checkpointMinutes: output.number(
    'checkpointMinutes',
    positive,
    'minutes between checkpoints inside an epoch; there is one after every epoch, too; default: 5',
    'minutes',
  ),
  reportTo: output.texts(
    'reportTo',
    'names',
    'where the numbers of every epoch go beside metrics.jsonl: tensorboard (default), mlflow, trackio, or none',
  ),
  name: output.text(
    'name',
    'name',
    'name of the run folder; default: the first free <dataset>-<n>, or <folder>-<n> of a folder of images',
  ),
});

/** Every option of a run, grouped by who needs it. */
export const runOptionsSchema = z.strictObject({
  data: dataSchema.optional(),
  preset: models.choice(
    'preset',
    ['quick', 'modern', 'paper', 'given-teacher'],
    'preset that gives the options that are not set; default: given-teacher where the teacher is given, else quick',
  ),
  teacher: teacherSchema.optional(),
  student: studentSchema.optional(),
  methods: models.namedList('methods', 'training methods to compare, one student each'),
  hooks: output.namedList(
    'hook',
    "code that is called while the run goes on: early-stopping(patience=5), tensorboard(write=false), or a plugin's",
  ),
  plugins: models.texts('plugins', 'names', 'packages or files with more models, methods, datasets, …'),
  discoverPlugins: models.boolean(
    'discoverPlugins',
    'load the installed packages anc-plugin-*, too; default: yes, or what ANC_DISCOVER_PLUGINS says',
  ),
  training: trainingSchema.optional(),
  objective: objectiveSchema.optional(),
  compute: computeSchema.optional(),
  cache: cacheSchema.optional(),
  output: outputSchema.optional(),
});
