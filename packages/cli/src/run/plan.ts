import {
  mapTree,
  outputShapes,
  Rng,
  standardised,
  type Backend,
  type ClassifierOutputs,
  type Host,
  type Method,
  type Network,
  type Stage,
  type Tree,
  type Variables,
} from '@anc/core';
import { choiceOf } from '../backends/auto.js';
import type { Composition } from '../composition/compose.js';
import { optionNames } from '../composition/validate-options.js';
import type { Named } from '../composition/registry.js';
import { located, nowhere, type PlaceOf } from '../config/locate.js';
import { describeNamed, formatNamed } from '../config/named.js';
import type { Config } from '../config/resolve.js';
import { openDataset, type Fetching } from '../data/open-dataset.js';
import { checkRequest, checkStart, locatedMethod } from './check-request.js';
import { openData, requireLabels, type RunData } from './data.js';
import { methodOptions, teacherRecipeOf } from './method-options.js';

/** A network of the run, ready for bytes. */
export interface PlannedNetwork {
  readonly model: Named;
  /** Takes bytes. Its name says everything that its outputs depend on besides its weights. */
  readonly network: Network<ClassifierOutputs>;
  readonly initial: Variables<Host>;
  readonly outputs: Tree<readonly number[]>;
  readonly parameters: number;
  readonly flops: number;
}

/** Who is trained, by which stages. */
export interface PlannedPlayer {
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
export interface Plan {
  readonly config: Config;
  readonly data: RunData;
  readonly teacher: PlannedPlayer;
  readonly students: readonly PlannedPlayer[];
  readonly backends: { readonly teacher: Backend; readonly student: Backend };
  dispose(): Promise<void>;
}

/** Throws an AncError on anything unknown, impossible or missing. */
export async function planRun(
  config: Config,
  composition: Composition,
  place: PlaceOf = nowhere,
  fetching: Fetching = {},
): Promise<Plan> {
  const { registries } = composition;
  await checkRequest(config, composition, place); // first: it costs nothing
  const ofMethod = <T>(index: number, work: () => T | Promise<T>): Promise<T> =>
    locatedMethod(index, config, composition, place, work);
  const methods = await Promise.all(
    config.methods.map((named, i) => ofMethod(i, () => createMethod(named, config, composition))),
  );
  const dataset = await located(['dataset'], place, () =>
    openDataset(
      config.dataset,
      composition,
      { dataDir: config.dataDir, seed: config.dataSeed ?? config.seed },
      { offline: config.offline === true, ...fetching },
    ),
  );
  const backends = await openBackends(config, composition, place);
  try {
    const environment = { input: dataset.shape, classes: dataset.classes.length };
    const create = (key: 'teacher' | 'student') =>
      located([key], place, () => registries.models.create(config[key], environment));
    const [teacherModel, studentModel] = [await create('teacher'), await create('student')];
    for (const model of [teacherModel, studentModel]) model.summary(dataset.shape); // before any file is read
    const data = await openData(dataset, config);
    const teacher = await planNetwork(config.teacher, teacherModel, data, backends.teacher, config.seed);
    const plain = await planNetwork(config.student, studentModel, data, backends.student, config.seed);
    const supervised = await createMethod(
      { name: 'supervised', options: { recipe: teacherRecipeOf(config), quantize: 'none' } },
      config,
      composition,
    );
    requireLabels(data.train, 'training a teacher');
    const players = { input: dataset.shape, classes: environment.classes };
    const names = uniqueNames(config.methods.map(({ name }) => name));
    const students: PlannedPlayer[] = [];
    for (const [i, method] of methods.entries()) {
      if (method.made.labels === 'required') requireLabels(data.train, `method "${method.method.name}"`);
      const changed = method.made.network(studentModel);
      const network =
        changed === studentModel
          ? plain
          : await planNetwork(config.student, changed, data, backends.student, config.seed);
      students.push({
        ...method,
        name: names[i]!,
        network,
        stages: await ofMethod(i, () =>
          method.made.stages({
            ...players,
            student: network.network,
            studentOutputs: network.outputs,
            teacher: method.made.needsTeacher ? { outputs: teacher.outputs } : null,
          }),
        ),
        epochs: config.epochs,
        seed: config.seed,
        rng: Rng.fromSeed(config.seed).split('student'),
      });
    }
    return {
      config: withChoice(config, backends),
      data,
      students,
      backends,
      teacher: {
        ...supervised,
        name: 'teacher',
        network: teacher,
        stages: supervised.made.stages({
          ...players,
          student: teacher.network,
          studentOutputs: teacher.outputs,
          teacher: null,
        }),
        epochs: config.teacherEpochs ?? config.epochs,
        seed: config.teacherSeed ?? config.seed,
        rng: Rng.fromSeed(config.teacherSeed ?? config.seed).split('teacher'),
      },
      dispose: () => disposeAll(backends),
    };
  } catch (error) {
    await disposeAll(backends);
    throw error;
  }
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

async function planNetwork(
  model: Named,
  made: Network<ClassifierOutputs>,
  { dataset, normalization }: RunData,
  backend: Backend,
  seed: number,
): Promise<PlannedNetwork> {
  const network = {
    ...standardised(made, normalization),
    name: JSON.stringify([made.name, describeNamed(model), dataset.classes.length, normalization]),
  };
  const initial = network.init(Rng.fromSeed(seed).split('shapes'), dataset.shape);
  const outputs = await outputShapes({ backend, network, variables: initial }, dataset.shape);
  const layers = network.summary(dataset.shape);
  return {
    model,
    network,
    initial,
    outputs: mapTree(outputs, (shape) => [...shape]),
    parameters: layers.reduce((sum, layer) => sum + layer.parameters, 0),
    flops: layers.reduce((sum, layer) => sum + layer.flops, 0),
  };
}

/** A method that comes twice gets a number. */
function uniqueNames(names: readonly string[]): string[] {
  return names.map((name, i) => {
    const before = names.slice(0, i).filter((other) => other === name).length;
    return before === 0 ? name : `${name}-${before + 1}`;
  });
}
