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
import type { Composition } from '../composition/compose.js';
import { optionNames } from '../composition/validate-options.js';
import type { Named } from '../composition/registry.js';
import { describeNamed, formatNamed } from '../config/named.js';
import type { Config } from '../config/resolve.js';
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
  /** The root of all its chance: the same for every student, so that they start equal. */
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
export async function planRun(config: Config, composition: Composition): Promise<Plan> {
  const { registries } = composition;
  checkNames(config, composition); // first: it costs nothing
  const methods = await Promise.all(config.methods.map((named) => createMethod(named, config, composition)));
  const dataset = await registries.datasets.create(config.dataset, {
    dataDir: config.dataDir,
    seed: config.seed,
  });
  const backends = await openBackends(config, composition);
  try {
    const environment = { input: dataset.shape, classes: dataset.classes.length };
    const teacherModel = await registries.models.create(config.teacher, environment);
    const studentModel = await registries.models.create(config.student, environment);
    for (const model of [teacherModel, studentModel]) model.summary(dataset.shape); // before any file is read
    const data = await openData(dataset, config);
    const teacher = await planNetwork(config.teacher, teacherModel, data, backends.teacher, config.seed);
    const plain = await planNetwork(config.student, studentModel, data, backends.student, config.seed);
    const supervised = await createMethod(
      { name: 'supervised', options: { recipe: teacherRecipeOf(config) } },
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
        stages: method.made.stages({
          ...players,
          student: network.network,
          studentOutputs: network.outputs,
          teacher: method.made.needsTeacher ? { outputs: teacher.outputs } : null,
        }),
        epochs: config.epochs,
        rng: Rng.fromSeed(config.seed).split('student'),
      });
    }
    return {
      config,
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
        rng: Rng.fromSeed(config.seed).split('teacher'),
      },
      dispose: () => disposeAll(backends),
    };
  } catch (error) {
    await disposeAll(backends);
    throw error;
  }
}

function checkNames(config: Config, { registries }: Composition): void {
  for (const { name } of [config.teacher, config.student]) registries.models.get(name);
  for (const { name } of config.methods) registries.methods.get(name);
  for (const named of [config.backend, config.teacherBackend, config.studentBackend]) {
    if (named !== undefined) registries.backends.get(named.name);
  }
  registries.datasets.get(config.dataset.name);
  const parts = {
    discriminators: config.discriminator,
    regularizers: config.regularizer,
    dataTerms: config.dataTerm,
    adversarialLosses: config.adversarialLoss,
    balancers: config.balancer,
  } as const;
  for (const kind of Object.keys(parts) as (keyof typeof parts)[]) {
    const named = parts[kind];
    if (named !== undefined) registries[kind].get(named.name);
  }
}

async function createMethod(named: Named, config: Config, { registries, parts }: Composition) {
  const given = methodOptions(named, config, { registries });
  const options = await registries.methods.check({ name: named.name, options: given });
  const made: Method = registries.methods.build(named.name, options, parts);
  return { method: named, options, made, needsTeacher: made.needsTeacher };
}

/** Whoever is named alike is the same backend. */
async function openBackends(config: Config, { registries }: Composition): Promise<Plan['backends']> {
  const open = async (named: Named): Promise<Backend> => {
    const known = optionNames(registries.backends.get(named.name).contribution.options) ?? [];
    const threads = config.threads !== null && known.includes('threads') ? { threads: config.threads } : {};
    return await registries.backends.create(
      { name: named.name, options: { ...threads, ...named.options } },
      undefined,
    );
  };
  const [forTeacher, forStudent] = [
    config.teacherBackend ?? config.backend,
    config.studentBackend ?? config.backend,
  ];
  const teacher = await open(forTeacher);
  const same = JSON.stringify(formatNamed(forTeacher)) === JSON.stringify(formatNamed(forStudent));
  if (same) return { teacher, student: teacher };
  try {
    return { teacher, student: await open(forStudent) };
  } catch (error) {
    await teacher.dispose();
    throw error;
  }
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
