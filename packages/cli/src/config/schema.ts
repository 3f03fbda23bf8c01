import { z } from 'zod';
import { group } from './option.js';

const share = z.number().min(0).max(1);
const positive = z.number().positive();
const weight = z.number().nonnegative();

const data = group('Data');
const players = group('Players');
const training = group('Training');
const teacherTraining = group("Teacher's training");
const objective = group("Objective, for methods that have it; default: each method's own");
const engine = group('Engine');
const output = group('Output');
const session = group('This call', false);

/** Every option of a run: the one source of flags, configuration files, presets, defaults and help. */
export const configSchema = z.strictObject({
  dataset: data.named('what to train on'),
  dataDir: data.path("where the dataset's files are (also ANC_DATA_DIR)"),
  limitTrain: data.limit('use this many training images only'),
  limitTest: data.limit('use this many test images only'),
  validation: data.number(
    z.number().min(0).lt(1),
    'share of the training images held out and measured after every epoch; the best epoch is told and kept beside the last',
    'share',
  ),
  stratify: data.boolean('hold out the same share of every class; reads labels'),
  crop: data.integer(0, 'pixels of padding for random crops; 0: none'),
  flip: data.boolean('mirror half of the training images'),
  normalization: data.choice(
    ['channel', 'pixel', 'image'],
    'what is taken off and divided by: per-channel statistics (default), the mean image, or those of each image',
  ),
  mixup: data.number(
    weight,
    'mix pairs of images for teacher and student alike, in training without labels: α of Beta(α, α); 0: none',
    'alpha',
  ),
  views: data.limit(
    'draw crops and flips from this many fixed ones per image, so that remembered teacher outputs are hit',
  ),

  preset: players.choice(['quick', 'modern', 'paper'], 'where options that are not given come from'),
  teacher: players.named(
    'the network that is trained with labels and imitated, or a trained one: model.onnx, a file of weights, a run folder',
  ),
  teacherNormalize: players.text(
    'how',
    'how a given teacher wants its pixels, where its file does not say: unit, signed, none, imagenet, …, or mean/std',
  ),
  classes: players.texts(
    'names',
    'which classes of a given ONNX teacher count: names, indices or index=name',
  ),
  student: players.named('the network that imitates it'),
  methods: players.namedList('how students are trained, one student each'),
  plugins: players.texts('names', 'packages or files that bring more of all this'),

  epochs: training.integer(1, 'passes over the training images, for each student'),
  batchSize: training.integer(1, 'images per step'),
  optimizer: training.choice(['sgd', 'momentum', 'nesterov', 'adam'], 'for students'),
  learningRate: training.number(positive, 'for students'),
  momentum: training.number(z.number().min(0).lt(1), 'of SGD'),
  weightDecay: training.number(weight, 'on weights, not biases or batch norm'),
  decayMode: training.choice(['auto', 'l2', 'decoupled'], 'auto: l2 under SGD, decoupled under Adam'),
  decayScope: training.choice(['weights', 'all'], 'what weight decay covers'),
  schedule: training.choice(['constant', 'step', 'cosine'], 'of the learning rate'),
  warmup: training.number(share, 'share of the training in which the rate rises from zero', 'share'),
  milestones: training.numbers('where a step schedule multiplies the rate'),
  milestoneUnit: training.choice(['iterations', 'share'], 'what milestones count'),
  decayFactor: training.number(positive, 'what a step schedule multiplies by'),
  seed: training.integer(0, 'of all chance'),
  dataSeed: training.integer(0, 'of which images are kept, held out or generated; default: seed'),

  teacherEpochs: teacherTraining.integer(1, 'passes over the training images; default: as for students'),
  teacherOptimizer: teacherTraining.choice(
    ['sgd', 'momentum', 'nesterov', 'adam'],
    'default: as for students',
  ),
  teacherLearningRate: teacherTraining.number(positive, 'default: as for students'),
  teacherSeed: teacherTraining.integer(0, "of the teacher's start and batches; default: seed"),

  quantize: objective.choice(
    ['none', 'ttq', 'binaryconnect', 'bwn', 'xnor'],
    'few-valued weights in every student, whatever trains it: whose estimator',
  ),
  lambda: objective.number(weight, 'weight of the data term'),
  dataTerm: objective.named('how far the logits are apart'),
  reduction: objective.choice(['sum', 'mean'], 'of the l2 data term over the classes'),
  temperature: objective.number(positive, 'of distillation'),
  hardWeight: objective.number(share, 'weight of the labels in kd; 0 reads none', 'share'),
  discriminator: objective.named('who tells teacher from student'),
  spectralNorm: objective.boolean("divide the discriminator's weights by their largest singular value"),
  adapter: objective.choice(
    ['none', 'linear'],
    "linear: a learned projection of the student's features to the teacher's width, which does not ship",
  ),
  condition: objective.choice(['teacher', 'labels'], 'what conditional discriminators are told'),
  discriminatorInput: objective.text('output', 'what it looks at: features, logits or a named tap'),
  adversarialLoss: objective.named("the student's side of the game"),
  adversarialWeight: objective.number(weight, 'weight of the adversarial term'),
  regularizer: objective.named('of the discriminator'),
  regularizerUpdate: objective.choice(
    ['joint', 'separate'],
    "in the discriminator's loss, or an update after it",
  ),
  mu: objective.number(weight, 'weight of the l1 and l2 regularizers'),
  balancer: objective.named('how the adversarial term is weighed'),
  dropout: objective.number(
    z.number().min(0).lt(1),
    'share of features hidden from the discriminator in the student phase',
    'share',
  ),
  dropoutPosition: objective.choice(['adversarial-sample', 'inside-student'], 'where features are hidden'),
  start: objective.integer(0, 'epochs of the data term alone before the game begins'),
  discriminatorOptimizer: objective.choice(['sgd', 'momentum', 'nesterov', 'adam'], "default: the student's"),
  discriminatorLearningRate: objective.number(positive, "default: the student's"),
  discriminatorSteps: objective.integer(1, 'discriminator updates per student update'),

  backend: engine.named('what computes: onnx, onnx:webgpu, tfjs:wasm, …, or auto; see `anc-cli doctor`'),
  teacherBackend: engine.named("what computes the teacher's outputs; default: backend"),
  studentBackend: engine.named('what trains; default: backend'),
  threads: engine.limit('for backends that use threads; default: theirs'),
  teacherMemoMb: engine.integer(0, 'MB for remembered teacher outputs; 0 remembers none'),
  teacherMemoDir: engine.path(
    'where teacher outputs are also kept on disk, for later runs too; default: nowhere',
  ),
  teacherMemoDiskMb: engine.limit('MB on disk for one teacher and dataset; default: no limit'),
  teacherMemoFloat16: engine.boolean('round teacher outputs to half precision'),

  out: output.text('folder', 'where run folders are made'),
  name: output.text('name', "this run's folder; default: the first free <dataset>-<n>"),

  resume: session.text('folder', 'continue an interrupted run with its own options'),
  config: session.text('file', 'options from a file; default: anc.config.* here, if there is one'),
  json: session.boolean('print one JSON document, and everything else on stderr'),
  quiet: session.boolean('no progress'),
  offline: session.boolean('download nothing: what is missing is an error that says where to put it'),
});

/** Options as they are after one layer (flags, file or preset): any of them may be missing. */
export type PartialConfig = z.output<typeof configSchema>;
/** Options as a layer is written. */
export type ConfigInput = z.input<typeof configSchema>;
export type ConfigKey = keyof PartialConfig;

export const configKeys = Object.keys(configSchema.shape) as readonly ConfigKey[];
