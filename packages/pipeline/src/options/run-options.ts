import type { z } from 'zod';
import type { Named } from '../text/named.js';
import type {
  cacheSchema,
  computeSchema,
  dataSchema,
  objectiveSchema,
  outputSchema,
  runOptionsSchema,
  studentSchema,
  teacherSchema,
  trainingSchema,
} from './schema.js';

type Options<S extends z.ZodType, Always extends keyof z.output<S>> = Readonly<
  z.output<S> & Required<Pick<z.output<S>, Always>>
>;

/** Which images, how many of them, and how they are augmented and normalized. */
export type DataOptions = Options<
  typeof dataSchema,
  'dataset' | 'directory' | 'limitTrain' | 'limitTest' | 'validation' | 'crop' | 'flip' | 'views'
>;
/** The teacher: trained in the run, or given; and how it is trained or read. */
export type TeacherOptions = Options<typeof teacherSchema, 'model'>;
export type StudentOptions = Options<typeof studentSchema, 'model'>;
/** How students are optimized. */
export type TrainingOptions = Options<
  typeof trainingSchema,
  Exclude<
    keyof z.output<typeof trainingSchema>,
    'accumulate' | 'batchNorm' | 'clipNorm' | 'ema' | 'stepsPerEpoch' | 'time'
  >
>;
/** Parts of the objective that replace those of the methods. */
export type ObjectiveOptions = Readonly<z.output<typeof objectiveSchema>>;
export type ComputeOptions = Options<typeof computeSchema, 'backend' | 'threads'>;
/** Where and how the teacher's outputs are cached. */
export type CacheOptions = Options<typeof cacheSchema, 'memoryMb'>;
export type OutputOptions = Options<typeof outputSchema, 'directory'>;

export type PresetChoice = 'quick' | 'modern' | 'paper' | 'given-teacher';

/** A run's options after defaults: each part of the program receives the groups that it needs. */
export interface RunOptions {
  readonly preset: PresetChoice;
  readonly data: DataOptions;
  readonly teacher: TeacherOptions;
  readonly student: StudentOptions;
  readonly methods: readonly Named[];
  readonly plugins: readonly string[];
  /** Whether installed plugins are looked for; a run is resumed with those that it used. */
  readonly discoverPlugins?: boolean | undefined;
  /** Beside those that every run has. */
  readonly hooks?: readonly Named[];
  readonly training: TrainingOptions;
  readonly objective: ObjectiveOptions;
  readonly compute: ComputeOptions;
  readonly cache: CacheOptions;
  readonly output: OutputOptions;
}

/** Options as a caller writes them: names may be texts such as `mlp(units=[64])`, everything may be left out. */
export type RunOptionsInput = z.input<typeof runOptionsSchema>;

/** Options after validation, before a preset fills what is missing. */
export type PartialRunOptions = z.output<typeof runOptionsSchema>;

/** Where an option stands: `['training', 'epochs']`, `['methods', 1]`. */
export type OptionPath = readonly PropertyKey[];
