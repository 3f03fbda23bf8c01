import { basename, dirname, resolve } from 'node:path';
import { AncError } from '@anc/core';
import { withDefaultBackend } from '../backends/default-backend.js';
import type { Fetching } from '../data/open-dataset.js';
import { TEACHER_VALUE } from '../options/given-model.js';
import { resolveOptions, type ResolvedOptions } from '../options/resolve.js';
import type { OptionPath, PresetChoice, RunOptionsInput } from '../options/run-options.js';
import type { OpenTeacher } from '../planning/given-teacher.js';
import type { Emit } from '../events/events.js';
import { withParent } from '../run/with-parent.js';
import { CALL_OPTIONS, callOf, composeWith, type CallOptions, type Compose } from './call.js';
import { withResolvedNames } from './resolved-names.js';
import type { Named } from '../text/named.js';
import { assertGroup, assertKnown, assertList, type OptionNames } from './known-options.js';
import { openTeacherValue, type TeacherFunction } from './teacher-function.js';
import {
  checkedPlugins,
  isNetwork,
  isTeacher,
  ValueRegistry,
  type BackendInput,
  type DatasetInput,
  type HookInput,
  type MethodInput,
  type ModelInput,
  type TeacherInput,
} from './values.js';

type Group<K extends keyof RunOptionsInput> = NonNullable<RunOptionsInput[K]>;

/** What a student may cost at most: a network is chosen for it. */
export interface StudentBudget {
  /** Parameters: a number, or a text with a unit, such as `100k`. */
  readonly maxParameters?: number | string;
  /** FLOPs for one image: 2 × multiply-adds + bias additions. */
  readonly maxFlops?: number | string;
  /** Bytes of its weights as float32, running averages included. */
  readonly maxBytes?: number | string;
  /** Milliseconds of a forward pass of one image, measured on its backend. */
  readonly maxMs?: number;
}

/** What to train, on which images, by which methods. Everything that is left out comes from the preset. */
export interface RunInput extends CallOptions {
  /** The teacher: a network to train, a file, a trained network, or a function from images to logits. */
  readonly teacher?: TeacherInput;
  /** Images to learn from: a dataset, or a folder of images, labeled by subfolders or not at all. */
  readonly images?: DatasetInput;
  /** The network to train: a model, or an ONNX file, whose weights it starts from. */
  readonly student?: ModelInput;
  /** What the student may cost: it is chosen for that, or, where `student` is given, its width is. */
  readonly studentBudget?: StudentBudget;
  /** Weights to start the student from, as far as names and shapes agree: a file that `importWeights` reads. */
  readonly studentWeights?: string;
  /** A finished run to continue: its options, teacher and student, with a new schedule. */
  readonly continues?: string;
  /** Parameters of the student that keep their values: patterns of their names, such as `conv1/*,layer1/*`. */
  readonly freeze?: string;
  /** The method; default: the preset's. */
  readonly method?: MethodInput;
  /** Several methods, one student each. */
  readonly methods?: readonly MethodInput[];
  /** Default options of the run. */
  readonly preset?: PresetChoice;
  /** Backend that trains; default: `auto`. */
  readonly backend?: BackendInput;
  /** Backend for the teacher's outputs, where it is another one. */
  readonly teacherBackend?: BackendInput;
  /** Random seed. */
  readonly seed?: number;
  /** Subsets, splits, augmentation and normalization of the images. */
  readonly data?: Omit<Group<'data'>, 'dataset'>;
  /** How the teacher is read or trained. */
  readonly teacherOptions?: Omit<Group<'teacher'>, 'model' | 'backend'>;
  /** How students are optimized. */
  readonly training?: Group<'training'>;
  /** Parts of the objective. */
  readonly objective?: Group<'objective'>;
  /** Cache of the teacher's outputs. */
  readonly cache?: Group<'cache'>;
  /** Threads of the backend. */
  readonly threads?: number;
  /** What is called while the run goes on, beside the hooks that every run has. */
  readonly hooks?: readonly HookInput[];
  /** Minutes between checkpoints inside an epoch; default: 5. */
  readonly checkpointMinutes?: number;
}

/** A request with everything that options cannot name. */
export interface RunRequest extends ResolvedOptions {
  readonly cwd: string;
  readonly fetching: Fetching;
  /** Plugins of a record, and the values of the caller. */
  readonly compose: Compose;
  readonly openTeacher?: OpenTeacher;
  /** The options before defaults, for presets that are applied later. */
  readonly input: RunOptionsInput;
  /** Whether something is a value of the caller, which no other process has: a network, a function, a plugin object. */
  readonly hasValues: boolean;
}

/** Names of `RunInput`. */
const RUN_OPTIONS: OptionNames<RunInput> = {
  ...CALL_OPTIONS,
  teacher: true,
  images: true,
  student: true,
  studentBudget: true,
  studentWeights: true,
  continues: true,
  freeze: true,
  method: true,
  methods: true,
  preset: true,
  backend: true,
  teacherBackend: true,
  seed: true,
  data: true,
  teacherOptions: true,
  training: true,
  objective: true,
  cache: true,
  threads: true,
  hooks: true,
  checkpointMinutes: true,
};

/** Options that are groups of others, and their paths. */
const GROUPS = [
  ['data', ['data']],
  ['teacherOptions', ['teacher']],
  ['studentBudget', ['student']],
  ['training', ['training']],
  ['objective', ['objective']],
  ['cache', ['cache']],
] as const;

/**
 * Turns a caller's input into options. Throws `ANC_CONFIG`.
 *
 * @param more names of the options that the call has beside these
 * @param emit receives notices about what was chosen for the caller
 */
export async function runRequest(
  input: RunInput,
  more: Readonly<Record<string, true>> = {},
  emit: Emit = () => undefined,
): Promise<RunRequest> {
  assertKnown(input, { ...RUN_OPTIONS, ...more });
  for (const [name, path] of GROUPS) assertGroup(input[name], path);
  for (const name of ['methods', 'hooks'] as const) assertList(input[name], [name]);
  const cwd = resolve(input.cwd ?? process.cwd());
  const values = new ValueRegistry();
  const plugins = checkedPlugins(input.plugins ?? []);
  const teacherValue = valueOfTeacher(input.teacher);
  const grouped = compact({
    preset: input.preset,
    discoverPlugins: input.discoverPlugins,
    plugins: input.plugins && plugins.filter((plugin) => typeof plugin === 'string'),
    methods: methodsOf(input)?.map((method, i) => values.name('methods', method, ['methods', i])),
    hooks: input.hooks?.map((hook, i) => values.name('hooks', hook, ['hooks', i])),
    data: { ...input.data, dataset: datasetOf(input.images, values) },
    teacher: {
      ...input.teacherOptions,
      model:
        teacherValue === null
          ? named(values, input.teacher, ['teacher', 'model'])
          : { name: TEACHER_VALUE, options: {} },
      backend: backendOf(values, input.teacherBackend, ['teacher', 'backend']),
    },
    student: {
      ...input.studentBudget,
      model: named(values, input.student, ['student', 'model']),
      weights: input.studentWeights,
      continues: input.continues,
      freeze: input.freeze,
    },
    training: { ...input.training, seed: input.seed ?? input.training?.seed },
    objective: input.objective,
    compute: { backend: backendOf(values, input.backend, ['compute', 'backend']), threads: input.threads },
    cache: input.cache,
    output: { checkpointMinutes: input.checkpointMinutes },
  }) as RunOptionsInput;
  const compose = composeWith(plugins, values, cwd, {
    discover: input.discoverPlugins,
    notice: (message) => emit({ type: 'notice', message }),
  });
  const parent = await withParent(grouped, cwd);
  const meant = await withResolvedNames(parent.input, cwd, compose);
  const chosen = withDefaultBackend(meant.input);
  for (const message of [...parent.notices, ...meant.notices, ...chosen.notices])
    emit({ type: 'notice', message });
  const resolved = resolveOptions(chosen.input);
  return {
    ...resolved,
    given: resolved.given.filter(parent.isOwn),
    ...callOf(input),
    input: chosen.input,
    hasValues:
      values.plugin() !== null ||
      teacherValue !== null ||
      plugins.some((plugin) => typeof plugin !== 'string'),
    compose,
    ...(teacherValue === null
      ? {}
      : { openTeacher: openTeacherValue(teacherValue, input.teacherOptions?.classes) }),
  };
}

function methodsOf({ method, methods }: RunInput): readonly MethodInput[] | undefined {
  if (method === undefined) return methods;
  if (methods === undefined) return [method];
  throw new AncError('ANC_CONFIG', 'both "method" and "methods" are given.', { hint: 'use one of them.' });
}

const named = (
  values: ValueRegistry,
  model: TeacherInput | undefined,
  path: OptionPath,
): string | Named | undefined => (model === undefined ? undefined : values.name('models', model, path));

const backendOf = (
  values: ValueRegistry,
  backend: BackendInput | undefined,
  path: OptionPath,
): string | Named | undefined => (backend === undefined ? undefined : values.name('backends', backend, path));

/** A teacher that is neither named nor a network to train. */
function valueOfTeacher(teacher: TeacherInput | undefined) {
  if (typeof teacher === 'function') return teacher satisfies TeacherFunction;
  return isTeacher(teacher) && !isNetwork(teacher) ? teacher : null;
}

/** A text is the name of a registered dataset, or the path of a folder of images. */
function datasetOf(images: DatasetInput | undefined, values: ValueRegistry): string | Named | undefined {
  return images === undefined || typeof images === 'string'
    ? images
    : values.name('datasets', images, ['data', 'dataset']);
}

/** Without undefined entries, one level deep. */
const compact = (groups: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(groups).flatMap(([key, value]) => {
      if (value === undefined) return [];
      if (typeof value !== 'object' || value === null || Array.isArray(value)) return [[key, value]];
      return [[key, Object.fromEntries(Object.entries(value).filter(([, inner]) => inner !== undefined))]];
    }),
  );

/** Options that put a run into a folder of that path. */
export const inFolder = (path: string) => ({ directory: dirname(path), name: basename(path) });
