import {
  AncError,
  Rng,
  type Backend,
  type ClassifierOutputs,
  type Dataset,
  type Method,
  type MethodEnvironment,
  type Network,
  type Stage,
} from '@anc/core';
import { rehearse } from '@anc/core/internal';
import { choiceOf } from '../backends/auto.js';
import type { Composition } from '../composition/compose.js';
import { blaming } from '../composition/plugin-fault.js';
import { noticesOf, validationOf } from '../data/dataset-facts.js';
import { openDataset, type Fetching } from '../data/open-dataset.js';
import {
  openData,
  openTrainingData,
  requireLabels,
  type BatchOptions,
  type RunData,
  type TrainingData,
} from '../data/training-data.js';
import { aboutOption } from '../options/option-error.js';
import { defaultMethods } from '../options/presets.js';
import type {
  DataOptions,
  ObjectiveOptions,
  OptionPath,
  RunOptions,
  TrainingOptions,
} from '../options/run-options.js';
import { studentNames } from '../options/student-names.js';
import type { Named } from '../text/named.js';
import { checkOptions, checkStart } from './check-options.js';
import {
  isGiven,
  openGivenTeacher,
  relabeledFor,
  type GivenTeacher,
  type OpenTeacher,
} from './given-teacher.js';
import { methodOptions, teacherOptimizerConfigOf, type MethodDefaults } from './method-options.js';
import { mixupNotice } from './mixup-notice.js';
import { openBackends, disposeBackends, withChosenBackends, type RunBackends } from './open-backends.js';
import { planNetwork, type PlannedNetwork } from './plan-network.js';
import { suitedDataset } from './suited-dataset.js';
import { unusedOptions, type UnusedOption } from './unused-options.js';

/** A model to train, with the stages that train it. */
export interface PlannedModel {
  /** `teacher`, or the student's folder. */
  readonly name: string;
  readonly method: Named;
  /** The method's options, completed by its schema. */
  readonly options: unknown;
  readonly needsTeacher: boolean;
  /** The network that is trained, evaluated and shipped: the chosen one, or what its method makes of it. */
  readonly network: PlannedNetwork;
  readonly stages: readonly Stage[];
  readonly epochs: number;
  /** Random seed of the order of batches, augmentation and dropout masks. */
  readonly seed: number;
  /** Root of its initialization: the same for every student, so that all of them start equal. */
  readonly rng: Rng;
}

/** What is planned: options, and values that options cannot name. */
export interface PlanRequest {
  readonly options: RunOptions;
  /** Options that the caller set, for notices about those without effect. */
  readonly given: readonly OptionPath[];
  readonly composition: Composition;
  readonly fetching?: Fetching;
  /** Opens a teacher that is a value of the caller, in place of `options.teacher.model`. */
  readonly openTeacher?: OpenTeacher;
}

/** A run, checked: everything that can be wrong with the request has been found, nothing was written. */
export interface Plan<D extends TrainingData = RunData> {
  readonly options: RunOptions;
  readonly data: D;
  /** Trained in the run, or given. */
  readonly teacher: PlannedModel | GivenTeacher;
  readonly students: readonly PlannedModel[];
  readonly backends: RunBackends;
  /**
   * Names of the networks' outputs, in their order; null where a given teacher does not name its classes and folders are
   * all there is: whether they are in the teacher's order, nothing says.
   */
  readonly classNames: readonly string[] | null;
  /** What a person should know before the run begins. */
  readonly notices: readonly string[];
  readonly unused: readonly UnusedOption[];
  /** One more student on the same data and backends, with other options of training and objective. */
  another(name: string, method: Named, options: MethodDefaults): Promise<PlannedModel>;
  dispose(): Promise<void>;
}

/** A plan whose test images may not be there. */
export type TrainingPlan = Plan<TrainingData>;

/** How something is planned: `planRun`, or `planTraining` where nothing is tested. */
export type Planner<D extends TrainingData> = (request: PlanRequest) => Promise<Plan<D>>;

/** Plans a run. Throws an AncError on anything unknown, impossible or missing. */
export const planRun: Planner<RunData> = (request) => planWith(openData, request);

/** The same without test images, which are not opened. */
export const planTraining: Planner<TrainingData> = (request) => planWith(openTrainingData, request);

async function planWith<D extends TrainingData>(
  open: (dataset: Dataset, options: DataOptions, batches: BatchOptions) => Promise<D>,
  request: PlanRequest,
): Promise<Plan<D>> {
  const { composition, given: set, fetching = {}, openTeacher } = request;
  const { registries } = composition;
  const isGivenTeacher = openTeacher !== undefined || isGiven(request.options.teacher.model);
  await checkOptions(request.options, composition, isGivenTeacher); // first: it costs nothing
  const unused = unusedOptions(request.options, set, composition);
  const notices: string[] = [];
  const notice = (text: string): void => void notices.push(text);
  const options = await withSuitedDataset(request, notice);
  const { data: dataOptions, training, compute, teacher: teacherOptions, student: studentOptions } = options;
  const aboutMethod = <T>(index: number, work: () => T | Promise<T>): Promise<T> =>
    aboutOption(['methods', index], work);
  const createAll = ({ methods, ...defaults }: RunOptions) =>
    Promise.all(methods.map((named, i) => aboutMethod(i, () => createMethod(named, defaults, composition))));
  const requested = await createAll(options);
  const batches = { batchSize: training.batchSize, seed: training.seed };
  const files = await aboutOption(['data', 'dataset'], () =>
    openDataset(
      dataOptions.dataset,
      composition,
      { dataDir: dataOptions.directory, seed: dataOptions.seed ?? training.seed },
      fetching,
    ),
  );
  notices.push(...noticesOf(files));
  if (set.some((path) => path.join('.') === 'data.validation') && (await validationOf(files)) !== null)
    notice('the dataset has validation images of its own, so --validation has no effect.');
  const backends = await openBackends(compute, teacherOptions.backend, studentOptions.backend, composition);
  let given: GivenTeacher | null = null;
  const dispose = async (): Promise<void> => {
    await given?.given.dispose();
    await disposeBackends(backends);
  };
  try {
    if (isGivenTeacher) {
      given = await aboutOption(['teacher', 'model'], () =>
        openTeacher === undefined
          ? openGivenTeacher(teacherOptions, files, backends.teacher, composition)
          : openTeacher(files, teacherOptions.model),
      );
      notices.push(...given.given.notices);
    }
    if (given === null) assertSeveralClasses(files);
    const dataset = given === null ? files : relabeledFor(given, files, notice);
    const environment = { input: dataset.shape, classes: dataset.classes.length };
    const create = (key: 'teacher' | 'student') =>
      aboutOption([key, 'model'], () => registries.models.create(options[key].model, environment));
    const teacherModel = given === null ? await create('teacher') : null;
    const studentModel = await create('student');
    for (const [key, model] of [
      ['teacher', teacherModel],
      ['student', studentModel],
    ] as const) {
      blaming(`model "${options[key].model.name}"`, () => model?.summary(dataset.shape)); // before any file is read
    }
    const data = await open(dataset, dataOptions, batches);
    const suited = suitedTo(options, given, data, requested, notice);
    const methods = suited === options ? requested : await createAll(suited);
    const plain = await planNetwork(studentOptions.model, studentModel, data, backends.student);
    const networks = { input: dataset.shape, classes: environment.classes };
    const teacher =
      given ?? (await planTeacher(teacherModel!, data, backends.teacher, networks, options, composition));
    const teacherOutputs = 'given' in teacher ? teacher.given.teacher.outputs : teacher.network.outputs;
    const stage = { backend: backends.student, batchSize: training.batchSize, shape: dataset.shape };
    if (!('given' in teacher)) await rehearse({ ...stage, stages: teacher.stages, teacherOutputs: null });
    const studentOf = async (
      name: string,
      method: CreatedMethod,
      { epochs, seed }: TrainingOptions,
    ): Promise<PlannedModel> => {
      if (method.made.labels === 'required') requireLabels(data.train, `method "${method.method.name}"`);
      const changed = method.made.network(studentModel);
      const network =
        changed === studentModel
          ? plain
          : await planNetwork(studentOptions.model, changed, data, backends.student);
      const stages = blaming(`method "${method.method.name}"`, () =>
        method.made.stages({
          ...networks,
          student: network.network,
          studentOutputs: network.outputs,
          teacher: method.made.needsTeacher ? { outputs: teacherOutputs } : null,
        }),
      );
      await rehearse({ ...stage, stages, teacherOutputs });
      const { method: named, options: completed, needsTeacher } = method;
      const rng = Rng.fromSeed(seed).split('student');
      return { name, method: named, options: completed, needsTeacher, network, stages, epochs, seed, rng };
    };
    const names = studentNames(suited.methods);
    const students: PlannedModel[] = [];
    for (const [i, method] of methods.entries()) {
      students.push(await aboutMethod(i, () => studentOf(names[i]!, method, training)));
    }
    const mixing = data.mixup > 0 ? mixupNotice(students) : null;
    if (mixing !== null) notice(mixing);
    return {
      options: withChosenBackends(suited, backends),
      data,
      students,
      backends,
      classNames: given === null ? dataset.classes : given.given.classNames,
      notices: [...backendNotices(backends), ...notices],
      unused,
      teacher,
      another: async (name, method, defaults) =>
        studentOf(name, await createMethod(method, defaults, composition), defaults.training),
      dispose,
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}

/** The options with a dataset that is resized to the images that a given ONNX teacher takes. */
async function withSuitedDataset(
  { options, composition, openTeacher }: PlanRequest,
  notice: (text: string) => void,
): Promise<RunOptions> {
  if (openTeacher !== undefined) return options;
  const dataset = await aboutOption(['teacher', 'model'], () =>
    suitedDataset(options.data, options.teacher.model, composition, notice),
  );
  return { ...options, data: { ...options.data, dataset } };
}

/** Throws `ANC_DATA_CLASSES` where there is nothing to tell apart. */
function assertSeveralClasses({ name, classes }: Dataset): void {
  if (classes.length !== 1) return;
  throw new AncError('ANC_DATA_CLASSES', `all images of "${name}" are of one class, "${classes[0]}".`, {
    expected: 'at least two classes to train a teacher, each in a folder of its own',
    received: 'one class folder',
    hint: 'give a trained teacher with --teacher, which needs no labels, or more class folders.',
  });
}

/** A teacher that is trained in the run, with labels. Throws `ANC_LABELS` where the data has none. */
async function planTeacher(
  model: Network<ClassifierOutputs>,
  data: TrainingData,
  backend: Backend,
  networks: Pick<MethodEnvironment, 'input' | 'classes'>,
  { teacher, training, objective }: RunOptions,
  composition: Composition,
): Promise<PlannedModel> {
  const seed = teacher.seed ?? training.seed;
  const network = await planNetwork(teacher.model, model, data, backend);
  const supervised = await createMethod(
    {
      name: 'supervised',
      options: { optimizer: teacherOptimizerConfigOf(training, teacher), quantize: 'none' },
    },
    { training, objective },
    composition,
  );
  requireLabels(data.train, 'training a teacher');
  const stages = supervised.made.stages({
    ...networks,
    student: network.network,
    studentOutputs: network.outputs,
    teacher: null,
  });
  const rng = Rng.fromSeed(seed).split('teacher');
  const { method, options, needsTeacher } = supervised;
  const epochs = teacher.epochs ?? training.epochs;
  return { name: 'teacher', method, options, needsTeacher, network, stages, epochs, seed, rng };
}

/**
 * The options adapted to what the data and a given teacher have, where the caller did not ask for more: without labels
 * the default methods are those that need none, without features the discriminator sees logits. Both give a notice.
 */
function suitedTo(
  options: RunOptions,
  given: GivenTeacher | null,
  { train }: TrainingData,
  methods: readonly Pick<CreatedMethod, 'made' | 'options'>[],
  notice: (text: string) => void,
): RunOptions {
  const featureless = given !== null && given.given.teacher.outputs.features === undefined;
  const looks = featureless && options.objective.discriminatorInput === undefined;
  if (looks && methods.some(({ options: own }) => Object.hasOwn(own as object, 'input')))
    notice('the teacher has no features: discriminators see logits (--discriminator-input logits).');
  const byDefault =
    options.methods.map(({ name }) => name).join() ===
    defaultMethods(options.preset, options.data.dataset.name).join();
  const left = options.methods.filter((_, i) => methods[i]!.made.labels !== 'required');
  const fewer = train.labels === null && given !== null && byDefault && left.length < options.methods.length;
  if (fewer)
    notice(
      `there are no labels, so only methods without labels run: ${left.map(({ name }) => name).join(', ')}.`,
    );
  if (!looks && !fewer) return options;
  return {
    ...options,
    ...(looks ? { objective: { ...options.objective, discriminatorInput: 'logits' } } : {}),
    ...(fewer ? { methods: left } : {}),
  };
}

interface CreatedMethod {
  readonly method: Named;
  readonly options: unknown;
  readonly made: Method;
  readonly needsTeacher: boolean;
}

async function createMethod(
  named: Named,
  defaults: { readonly training: TrainingOptions; readonly objective: ObjectiveOptions },
  { registries, parts }: Composition,
): Promise<CreatedMethod> {
  const given = methodOptions(named, defaults, { registries });
  const options = await registries.methods.check({ name: named.name, options: given });
  checkStart(named.name, options, defaults.training.epochs);
  const made: Method = registries.methods.build(named.name, options, parts);
  return { method: named, options, made, needsTeacher: made.needsTeacher };
}

/** Notices of the backends, once each. */
export const backendNotices = (backends: RunBackends): string[] => [
  ...new Set(
    Object.values(backends).flatMap((backend: Backend) => {
      const { notice } = backend.environment;
      return [choiceOf(backend)?.why, notice].filter((text) => typeof text === 'string');
    }),
  ),
];
