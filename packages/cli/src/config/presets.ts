import { presetFor, type PresetName, type Preset as MethodPreset } from '@anc/methods';
import { objectiveOf, sharesOf, trainingOf } from './recipe-options.js';
import type { ConfigInput, PartialConfig } from './schema.js';

/** What no recipe is about. The objective's options are absent: a method's own defaults, the paper's, hold. */
const common = {
  dataset: 'glyphs',
  dataDir: null,
  limitTrain: null,
  limitTest: null,
  validation: 0,
  views: null,
  methods: ['supervised', 'l2', 'kd', 'adversarial'],
  plugins: [],
  seed: 1,
  backend: 'onnx',
  threads: null,
  teacherMemoMb: 512,
  out: 'runs',
  momentum: 0.9,
  decayMode: 'auto',
  decayScope: 'weights',
  milestones: [],
  milestoneUnit: 'iterations',
  decayFactor: 0.1,
  warmup: 0,
} as const satisfies ConfigInput;

/** What every preset says; everything else may stay unsaid. */
export type Said =
  | keyof typeof common
  | 'teacher'
  | 'student'
  | 'epochs'
  | 'batchSize'
  | 'optimizer'
  | 'learningRate'
  | 'weightDecay'
  | 'schedule'
  | 'crop'
  | 'flip';

/** The options that a data set's recipe gives, where `said` are the ones that a person gave. */
type Preset = (dataset: string, said?: PartialConfig) => ConfigInput & Required<Pick<ConfigInput, Said>>;

/** Teacher and student that belong to a dataset. */
function pairOf(dataset: string): { readonly teacher: string; readonly student: string } {
  return dataset === 'glyphs'
    ? { teacher: 'cnn-teacher', student: 'cnn-student' }
    : { teacher: 'nin', student: 'lenet4' };
}

/** The methods' recipe; for a data set that the paper does not have, that of its nearest. */
function recipeOf(name: PresetName, dataset: string): MethodPreset {
  const small = ['mnist', 'glyphs'].includes(dataset);
  const recipe = presetFor(name, small && name === 'paper' ? 'fashion-mnist' : dataset);
  // Flipping a digit or a glyph makes another sign of it.
  return small ? { ...recipe, augmentation: { ...recipe.augmentation, flip: false } } : recipe;
}

/** Minutes on two cores: what runs when nothing is said. */
const quick: Preset = (dataset) => ({
  ...common,
  ...pairOf(dataset),
  epochs: 6,
  batchSize: 64,
  optimizer: 'adam',
  learningRate: 0.002,
  weightDecay: 0.0002,
  schedule: 'cosine',
  warmup: 0.05,
  crop: 0,
  flip: false,
});

/** What gives the lowest error today. */
const modern: Preset = (dataset) => {
  const { objective, ...recipe } = recipeOf('modern', dataset);
  return { ...common, ...pairOf(dataset), ...trainingOf(recipe), ...objectiveOf(objective) };
};

/** The paper as written. Its objective is unsaid here: it is the methods' own default. */
const paper: Preset = (dataset, said = {}) => {
  const recipe = recipeOf('paper', dataset);
  const training = trainingOf(recipe);
  const scaled =
    said.epochs !== undefined &&
    said.epochs < recipe.epochs &&
    said.milestones === undefined &&
    said.milestoneUnit === undefined;
  return { ...common, ...pairOf(dataset), ...training, ...(scaled ? sharesOf(recipe, dataset) : {}) };
};

export const presets = { quick, modern, paper } satisfies Record<string, Preset>;

/** What is trained where nobody says it. */
export const usualMethods = (preset: keyof typeof presets, dataset: string): readonly string[] =>
  presets[preset](dataset).methods as string[]; // plain names, all of them
