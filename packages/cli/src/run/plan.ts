import {
  rehearse,
  Rng,
  type Backend,
  type ClassifierOutputs,
  type Dataset,
  type Method,
  type Network,
  type MethodEnvironment,
  type Stage,
} from '@anc/core';
import { choiceOf } from '../backends/auto.js';
import type { Composition } from '../composition/compose.js';
import { blaming } from '../composition/plugin-fault.js';
import { optionNames } from '../composition/validate-options.js';
import type { Named } from '../composition/registry.js';
import { located, nowhere, type PlaceOf } from '../config/locate.js';
import { formatNamed } from '../config/named.js';
import { usualMethods } from '../config/presets.js';
import type { Config } from '../config/resolve.js';
import { openDataset, type Fetching } from '../data/open-dataset.js';
import { checkRequest, checkStart, locatedMethod } from './check-request.js';
import { openData, openTrainingData, requireLabels, type RunData, type TrainingData } from './data.js';
import { isGiven, openGivenTeacher, relabeledFor, type GivenTeacher } from './given-teacher.js';
import { methodOptions, teacherRecipeOf } from './method-options.js';
import { mixupNotice } from './mixup-notice.js';
import { planNetwork, type PlannedNetwork } from './plan-network.js';
import { suitedDataset } from './suited-dataset.js';
import { uniqueNames } from './unique-names.js';

/** Who is trained, by which stages. */
export interface PlannedModel {
  /** `teacher`, or the student's folder. */
  readonly name: string;
  readonly method: Named;
  /** As the method's schema completed them. */
  readonly options: unknown;
  readonly needsTeacher: boolean;
  /** What it trains, measures and ships: the chosen model, or what its method makes of it. */
  readonly network: PlannedNetwork;
  readonly stages: readonly Stage[];
  readonly epochs: number;
  /** Of the order of its batches, the views and the masks. */
  readonly seed: number;
  /** The root of its start: the same for every student, so that they start equal. */
  readonly rng: Rng;
}

/** A run, checked: everything that can be wrong with the request has been found, nothing was written. */
export interface Planned<D extends TrainingData = TrainingData> {
  readonly config: Config;
  readonly data: D;
  /** Trained in the run, or given. */
  readonly teacher: PlannedModel | GivenTeacher;
  readonly students: readonly PlannedModel[];
  readonly backends: { readonly teacher: Backend; readonly student: Backend };
  /** What a person should know before it begins. */
  readonly notices: readonly string[];
  /** One more student on the same data and backends, by other options of training and objective. */
  another(name: string, method: Named, config: Config): Promise<PlannedModel>;
  dispose(): Promise<void>;
}

/** A plan with the images that it is tested on. */
export type Plan = Planned<RunData>;

/** How something is planned: `planRun`, or `planTraining` where nothing is tested. */
export type Planner<D extends TrainingData> = (
  requested: Config,
  composition: Composition,
  place?: PlaceOf,
  fetching?: Fetching,
) => Promise<Planned<D>>;

/** Throws an AncError on anything unknown, impossible or missing. */
export const planRun: Planner<RunData> = (requested, composition, place = nowhere, fetching = {}) =>
  planWith(openData, requested, composition, place, fetching);

/** The same, and the test images are not opened. */
export const planTraining: Planner<TrainingData> = (requested, composition, place = nowhere, fetching = {}) =>
  planWith(openTrainingData, requested, composition, place, fetching);

async function planWith<D extends TrainingData>(
  open: (dataset: Dataset, config: Config) => Promise<D>,
  requested: Config,
  composition: Composition,
  place: PlaceOf,
  fetching: Fetching,
): Promise<Planned<D>> {
  const { registries } = composition;
  await checkRequest(requested, composition, place); // first: it costs nothing
  const notices: string[] = [];
  const notice = (text: string): void => void notices.push(text);
  const config: Config = {
    ...requested,
    dataset: await located(['teacher'], place, () => suitedDataset(requested, composition, notice)),
  };
  const ofMethod = <T>(index: number, work: () => T | Promise<T>): Promise<T> =>
    locatedMethod(index, config, composition, place, work);
  const createAll = (options: Config) =>
    Promise.all(
      options.methods.map((named, i) => ofMethod(i, () => createMethod(named, options, composition))),
    );
  const asked = await createAll(config);
  const files = await located(['dataset'], place, () =>
    openDataset(
      config.dataset,
      composition,
      { dataDir: config.dataDir, seed: config.dataSeed ?? config.seed },
      { offline: config.offline === true, ...fetching },
    ),
  );
  const backends = await openBackends(config, composition, place);
  let given: GivenTeacher | null = null;
  const dispose = async (): Promise<void> => {
    await given?.given.dispose();
    await disposeAll(backends);
  };
  try {
    if (isGiven(config.teacher)) {
      given = await located(['teacher'], place, () =>
        openGivenTeacher(config, files, backends.teacher, composition),
      );
      notices.push(...given.given.notices);
    }
    const dataset = given === null ? files : relabeledFor(given, files, notice);
    const environment = { input: dataset.shape, classes: dataset.classes.length };
    const create = (key: 'teacher' | 'student') =>
      located([key], place, () => registries.models.create(config[key], environment));
    const teacherModel = given === null ? await create('teacher') : null;
    const studentModel = await create('student');
    for (const [key, model] of [
      ['teacher', teacherModel],
      ['student', studentModel],
    ] as const) {
      blaming(`model "${config[key].name}"`, () => model?.summary(dataset.shape)); // before any file is read
    }
    const data = await open(dataset, config);
    const suited = suitedTo(config, given, data, asked, notice);
    const methods = suited === config ? asked : await createAll(suited);
    const plain = await planNetwork(config.student, studentModel, data, backends.student);
    const players = { input: dataset.shape, classes: environment.classes };
    const teacher =
      given ?? (await planTeacher(teacherModel!, data, backends.teacher, players, config, composition));
    const teacherOutputs = 'given' in teacher ? teacher.given.teacher.outputs : teacher.network.outputs;
    const stage = { backend: backends.student, batchSize: config.batchSize, shape: dataset.shape };
    if (!('given' in teacher)) await rehearse({ ...stage, stages: teacher.stages, teacherOutputs: null });
    const names = uniqueNames(suited.methods.map(({ name }) => name));
    const studentOf = async (
      name: string,
      method: Awaited<ReturnType<typeof createMethod>>,
      { epochs, seed }: Config,
    ): Promise<PlannedModel> => {
      if (method.made.labels === 'required') requireLabels(data.train, `method "${method.method.name}"`);
      const changed = method.made.network(studentModel);
      const network =
        changed === studentModel ? plain : await planNetwork(config.student, changed, data, backends.student);
      const stages = blaming(`method "${method.method.name}"`, () =>
        method.made.stages({
          ...players,
          student: network.network,
          studentOutputs: network.outputs,
          teacher: method.made.needsTeacher ? { outputs: teacherOutputs } : null,
        }),
      );
      await rehearse({ ...stage, stages, teacherOutputs });
      return { ...method, name, network, stages, epochs, seed, rng: Rng.fromSeed(seed).split('student') };
    };
    const students: PlannedModel[] = [];
    for (const [i, method] of methods.entries()) {
      students.push(await ofMethod(i, () => studentOf(names[i]!, method, config)));
    }
    const mixing = data.mixup > 0 ? mixupNotice(students) : null;
    if (mixing !== null) notice(mixing);
    return {
      config: withChoice(suited, backends),
      data,
      students,
      backends,
      notices,
      teacher,
      another: async (name, method, changed) =>
        studentOf(name, await createMethod(method, changed, composition), changed),
      dispose,
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}

/** The teacher that is trained in the run, with labels. Throws `ANC_LABELS` where the data has none. */
async function planTeacher(
  model: Network<ClassifierOutputs>,
  data: TrainingData,
  backend: Backend,
  players: Pick<MethodEnvironment, 'input' | 'classes'>,
  config: Config,
  composition: Composition,
): Promise<PlannedModel> {
  const seed = config.teacherSeed ?? config.seed;
  const network = await planNetwork(config.teacher, model, data, backend);
  const supervised = await createMethod(
    { name: 'supervised', options: { optimizer: teacherRecipeOf(config), quantize: 'none' } },
    config,
    composition,
  );
  requireLabels(data.train, 'training a teacher');
  const stages = supervised.made.stages({
    ...players,
    student: network.network,
    studentOutputs: network.outputs,
    teacher: null,
  });
  const rng = Rng.fromSeed(seed).split('teacher');
  const epochs = config.teacherEpochs ?? config.epochs;
  return { ...supervised, name: 'teacher', network, stages, epochs, seed, rng };
}

/**
 * The options, suited to what the data and a given teacher have where nobody asked for more: without labels the
 * default methods are those that need none, without features the discriminator looks at logits. Both are said.
 */
function suitedTo(
  config: Config,
  given: GivenTeacher | null,
  { train }: TrainingData,
  methods: readonly { readonly made: Method; readonly options: unknown }[],
  notice: (text: string) => void,
): Config {
  const featureless = given !== null && given.given.teacher.outputs.features === undefined;
  const looks = featureless && config.discriminatorInput === undefined;
  if (looks && methods.some(({ options }) => Object.hasOwn(options as object, 'input')))
    notice('the teacher has no features: discriminators look at logits (--discriminator-input logits).');
  const usual =
    config.methods.map(({ name }) => name).join() === usualMethods(config.preset, config.dataset.name).join();
  const left = config.methods.filter((_, i) => methods[i]!.made.labels !== 'required');
  const fewer = train.labels === null && given !== null && usual && left.length < config.methods.length;
  if (fewer)
    notice(
      `there are no labels, so only methods without labels run: ${left.map(({ name }) => name).join(', ')}.`,
    );
  return looks || fewer
    ? { ...config, ...(looks ? { discriminatorInput: 'logits' } : {}), ...(fewer ? { methods: left } : {}) }
    : config;
}

async function createMethod(named: Named, config: Config, { registries, parts }: Composition) {
  const given = methodOptions(named, config, { registries });
  const options = await registries.methods.check({ name: named.name, options: given });
  checkStart(named.name, options, config);
  const made: Method = registries.methods.build(named.name, options, parts);
  return { method: named, options, made, needsTeacher: made.needsTeacher };
}

/** Whoever is named alike is the same backend. */
async function openBackends(
  config: Config,
  { registries }: Composition,
  place: PlaceOf,
): Promise<Plan['backends']> {
  const open = async (key: 'teacherBackend' | 'studentBackend', named: Named): Promise<Backend> => {
    const known = optionNames(registries.backends.get(named.name).contribution.options) ?? [];
    const threads = config.threads !== null && known.includes('threads') ? { threads: config.threads } : {};
    const all = { name: named.name, options: { ...threads, ...named.options } };
    return await located([config[key] === undefined ? 'backend' : key], place, () =>
      registries.backends.create(all, undefined),
    );
  };
  const [forTeacher, forStudent] = [
    config.teacherBackend ?? config.backend,
    config.studentBackend ?? config.backend,
  ];
  const teacher = await open('teacherBackend', forTeacher);
  const same = JSON.stringify(formatNamed(forTeacher)) === JSON.stringify(formatNamed(forStudent));
  if (same) return { teacher, student: teacher };
  try {
    return { teacher, student: await open('studentBackend', forStudent) };
  } catch (error) {
    await teacher.dispose();
    throw error;
  }
}

/** With the backend that `auto` chose: who continues the run continues on that one. */
function withChoice(config: Config, backends: Plan['backends']): Config {
  const chosen = (named: Named, backend: Backend): Named => choiceOf(backend)?.chosen ?? named;
  const { backend, teacherBackend, studentBackend } = config;
  return {
    ...config,
    backend: chosen(backend, studentBackend === undefined ? backends.student : backends.teacher),
    ...(teacherBackend === undefined ? {} : { teacherBackend: chosen(teacherBackend, backends.teacher) }),
    ...(studentBackend === undefined ? {} : { studentBackend: chosen(studentBackend, backends.student) }),
  };
}

async function disposeAll(backends: Plan['backends']): Promise<void> {
  for (const backend of new Set(Object.values(backends))) await backend.dispose();
}
