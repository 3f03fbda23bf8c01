import { presetFor, type Preset, type PresetName } from '@anc/methods';
import { isGivenTeacher, startsTrained } from './given-model.js';
import { generatedOptions, isGenerating, measuredTraining, NO_IMAGES } from './generated-presets.js';
import { objectiveOf, sharesOf, trainingOf } from './preset-options.js';
import type { PartialRunOptions, PresetChoice, RunOptionsInput } from './run-options.js';

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
  const small = ['mnist', 'glyphs', NO_IMAGES].includes(dataset);
  const preset = presetFor(name, small && name === 'paper' ? 'fashion-mnist' : dataset);
  // A flipped digit or glyph is another sign.
  return small ? { ...preset, augmentation: { ...preset.augmentation, flip: false } } : preset;
}

/** Minutes on two cores: the default. */
const quick: PresetOptions = (dataset) =>
  over(dataset, {
    data: { crop: 0, flip: false },
    training: {
      epochs: 6,
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

/**
 * A given teacher, but for what depends on the number of images: `amountFor`, `changesOf`. Its objective is the methods' own
 * default. A student that starts from trained weights keeps the rate of `quick`: a higher one would undo them.
 */
const givenTeacher: PresetOptions = (dataset, { student } = {}) => {
  const options = over(dataset, trainingOf(methodPreset('given-teacher', dataset)));
  const { learningRate } = quick(dataset).training!;
  return startsTrained(student) ? { ...options, training: { ...options.training, learningRate } } : options;
};

/** A preset, with what differs where images are generated; `trainingFor`: what was measured with this preset. */
const withGenerated =
  (preset: PresetOptions, trainingFor: typeof measuredTraining = () => ({})): PresetOptions =>
  (dataset, given = {}) => {
    const { data, training, ...rest } = preset(dataset, given);
    const own = generatedOptions(dataset, given);
    return {
      ...rest,
      ...own,
      data: { ...data, ...own.data },
      training: { ...training, ...own.training, ...trainingFor(dataset, given) },
    };
  };

export const presets = {
  quick: withGenerated(quick, measuredTraining),
  modern: withGenerated(modern),
  paper: withGenerated(paper),
  'given-teacher': withGenerated(givenTeacher),
} satisfies Record<PresetChoice, PresetOptions>;

/**
 * The preset of a run: its own, else by whether its teacher is given, and taught on images alone. Methods that generate images
 * have the rate of `quick`: that of `given-teacher` was not tried with them.
 */
export function presetOf({ preset, teacher, data, methods = [] }: PartialRunOptions): PresetChoice {
  if (preset !== undefined) return preset;
  if (methods.some(isGenerating)) return 'quick';
  return isGivenTeacher(teacher) && data?.dataset?.name !== NO_IMAGES ? 'given-teacher' : 'quick';
}

/** The methods of a preset. */
export const defaultMethods = (preset: PresetChoice, dataset: string): readonly string[] =>
  presets[preset](dataset).methods as string[]; // plain names, all of them
