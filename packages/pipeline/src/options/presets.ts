import { presetFor, type Preset, type PresetName } from '@anc/methods';
import { objectiveOf, sharesOf, trainingOf } from './preset-options.js';
import type { PartialRunOptions, PresetChoice, RunOptionsInput } from './run-options.js';

/** Name of the dataset without images. */
export const NO_IMAGES = 'none';

/** Options that no preset differs in. Those of the objective are absent: each method's own defaults apply. */
const common = {
  methods: ['supervised', 'l2', 'kd', 'adversarial'],
  plugins: [],
  data: {
    dataset: 'glyphs',
    directory: null,
    limitTrain: null,
    limitTest: null,
    validation: 0,
    views: null,
  },
  training: {
    seed: 1,
    momentum: 0.9,
    decayMode: 'auto',
    decayScope: 'weights',
    milestones: [],
    milestoneUnit: 'iterations',
    decayFactor: 0.1,
    warmup: 0,
  },
  compute: { backend: 'onnx', threads: null },
  cache: { memoryMb: 512 },
  output: { directory: 'runs' },
} as const satisfies RunOptionsInput;

/** The options that a preset gives for a dataset; `given` are those that the caller set. */
type PresetOptions = (dataset: string, given?: PartialRunOptions) => RunOptionsInput;

/** Teacher and student that belong to a dataset. */
function networksFor(dataset: string): RunOptionsInput {
  return dataset === 'glyphs' || dataset === NO_IMAGES
    ? { teacher: { model: 'cnn-teacher' }, student: { model: 'cnn-student' } }
    : { teacher: { model: 'nin' }, student: { model: 'lenet4' } };
}

/** Preset options over the common ones, group by group. */
function over(dataset: string, { data, training, ...rest }: RunOptionsInput): RunOptionsInput {
  return {
    ...common,
    ...networksFor(dataset),
    ...rest,
    data: { ...common.data, dataset, ...data },
    training: { ...common.training, ...training },
  };
}

/** The methods' preset; for a dataset that the paper does not have, that of the nearest one. */
function methodPreset(name: PresetName, dataset: string): Preset {
  const small = ['mnist', 'glyphs'].includes(dataset);
  const preset = presetFor(name, small && name === 'paper' ? 'fashion-mnist' : dataset);
  // A flipped digit or glyph is another sign.
  return small ? { ...preset, augmentation: { ...preset.augmentation, flip: false } } : preset;
}

/** The method that is trained on real images beside those that make theirs. */
export const ON_IMAGES = 'kd';

/** Training without images: the game, what it is compared with, and training on real images, where there are some. */
const withoutImages = {
  methods: ['data-free-noise', 'data-free-untrained', 'data-free-no-game', 'data-free', ON_IMAGES],
  teacher: { model: 'cnn-teacher', epochs: 6 },
} as const satisfies RunOptionsInput;

/** Minutes on two cores: the default. */
const quick: PresetOptions = (dataset) =>
  over(dataset, {
    ...(dataset === NO_IMAGES && withoutImages),
    data: { crop: 0, flip: false },
    training: {
      epochs: 6,
      ...(dataset === NO_IMAGES && { stepsPerEpoch: 100 }),
      batchSize: 64,
      optimizer: 'adam',
      learningRate: 0.002,
      weightDecay: 0.0002,
      schedule: 'cosine',
      warmup: 0.05,
    },
  });

/** The lowest error today. */
const modern: PresetOptions = (dataset) => {
  const { objective, ...preset } = methodPreset('modern', dataset);
  return over(dataset, { ...trainingOf(preset), objective: objectiveOf(objective) });
};

/** The paper as written. Its objective is not set here: it is the methods' own default. */
const paper: PresetOptions = (dataset, { training = {} } = {}) => {
  const preset = methodPreset('paper', dataset);
  const options = trainingOf(preset);
  const shorter =
    training.epochs !== undefined &&
    training.epochs < preset.epochs &&
    training.milestones === undefined &&
    training.milestoneUnit === undefined;
  return over(dataset, {
    ...options,
    training: { ...options.training, ...(shorter ? sharesOf(preset, dataset) : {}) },
  });
};

export const presets = { quick, modern, paper } satisfies Record<PresetChoice, PresetOptions>;

/** The methods of a preset. */
export const defaultMethods = (preset: PresetChoice, dataset: string): readonly string[] =>
  presets[preset](dataset).methods as string[]; // plain names, all of them
