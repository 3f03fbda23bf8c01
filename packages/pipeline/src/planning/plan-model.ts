import {
  Rng,
  type Backend,
  type ClassifierOutputs,
  type MethodEnvironment,
  type Network,
  type OptimizerParts,
  type Rank,
  type HostTensor,
  type Stage,
  type TeacherEnvironment,
  type Variables,
} from '@anc/core';
import { originOf, rehearse, rowRange, type RankGroup, type RehearseOptions } from '@anc/core/internal';
import type { Composition } from '../composition/compose.js';
import { blaming } from '../composition/plugin-fault.js';
import { requireLabels, type TrainingData } from '../data/training-data.js';
import type { RunOptions, TrainingOptions } from '../options/run-options.js';
import type { OpenedTask } from '../tasks/opened-task.js';
import type { Named } from '../text/named.js';
import { createMethod, type CreatedMethod } from './create-method.js';
import { teacherOptimizerConfigOf } from './method-options.js';
import { requireImages } from './require-images.js';
import { planNetwork, type PlannedNetwork } from './plan-network.js';
import { programCode } from './program-code.js';

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
  /** Begins to build its first step, where that was rehearsed; left out before that. */
  readonly prepare?: () => void;
}

/** A teacher that is trained in the run, with labels. Throws `ANC_LABELS` where the data has none. */
export async function planTeacher(
  model: Network<ClassifierOutputs>,
  data: TrainingData,
  backend: Backend,
  task: OpenedTask,
  { teacher, training, objective }: RunOptions,
  composition: Composition,
): Promise<PlannedModel> {
  const seed = teacher.seed ?? training.seed;
  const network = await planNetwork(teacher.model, model, data, backend, task, composition.hasOwnParts());
  const supervised = await createMethod(
    {
      name: 'supervised',
      options: {
        optimizer: teacherOptimizerConfigOf(training, teacher, composition.registries),
        quantize: 'none',
      },
    },
    { training, objective },
    composition,
  );
  requireLabels(data.train, 'training a teacher');
  const stages = supervised.made.stages({
    input: data.dataset.shape,
    classes: data.dataset.classes.length,
    task: task.task,
    student: network.network,
    studentOutputs: network.outputs,
    teacher: null,
    optimizers: composition.optimizers,
  });
  const rng = Rng.fromSeed(seed).split('teacher');
  const { method, options, needsTeacher } = supervised;
  const epochs = teacher.epochs ?? training.epochs;
  return { name: 'teacher', method, options, needsTeacher, network, stages, epochs, seed, rng };
}

/** What is rehearsed of a training: the rows that this process computes of a batch, and how. */
export type RehearsedSteps = Pick<RehearseOptions, 'batchSize' | 'accumulate' | 'exchanges' | 'synchronized'>;

/** The steps of a training, alone or as one of several ranks. */
export const rehearsedSteps = (
  { batchSize, accumulate = 1, batchNorm }: TrainingOptions,
  ranks: RankGroup | undefined,
): RehearsedSteps => ({
  batchSize: ranks === undefined ? batchSize : rowRange(batchSize, ranks.ranks, ranks.rank).count,
  accumulate,
  exchanges: ranks !== undefined,
  synchronized: ranks === undefined || batchNorm === 'local' ? null : ranks.synchronizedBatchNorm,
});

/** What all students of a run share. */
export interface StudentEnvironment {
  readonly model: Named;
  readonly studentModel: Network<ClassifierOutputs>;
  /** The student's network where its method does not change it. */
  readonly plain: PlannedNetwork;
  readonly data: TrainingData;
  readonly backend: Backend;
  readonly batchSize: number;
  /** The other ranks of this process; left out where it is alone. */
  readonly rank: Rank | undefined;
  /** How the batches of its steps are divided. */
  readonly rehearsed: RehearsedSteps;
  readonly networks: Pick<MethodEnvironment, 'input' | 'classes' | 'task'>;
  readonly task: OpenedTask;
  readonly teacher: TeacherEnvironment;
  /** Variables of the teacher's shapes, for stages that apply it; null where it is no network. */
  readonly teacherVariables: Variables<HostTensor> | null;
  readonly optimizers: OptimizerParts;
  readonly hasOwnParts: () => boolean;
  /** Hears what may be a fault. */
  readonly notice: (message: string) => void;
}

/** Plans a student that a method trains. */
export type StudentPlanner = (
  name: string,
  method: CreatedMethod,
  training: Pick<TrainingOptions, 'epochs' | 'seed'>,
) => Promise<PlannedModel>;

/** Plans the students of a run. What it returns throws `ANC_LABELS` where a method needs labels and there are none. */
export function studentPlanner({
  model,
  studentModel,
  plain,
  data,
  backend,
  batchSize,
  rank,
  rehearsed,
  networks,
  task,
  teacher,
  teacherVariables,
  optimizers,
  hasOwnParts,
  notice,
}: StudentEnvironment): StudentPlanner {
  return async (name, method, { epochs, seed }) => {
    if (method.made.labels === 'required')
      requireLabels(data.train, `method "${method.method.name}"`, data.dataset);
    const changed = method.made.network(studentModel);
    const network =
      changed === studentModel
        ? plain
        : await planNetwork(model, changed, data, backend, task, hasOwnParts());
    const stages = blaming(originOf('method', method.made), () =>
      method.made.stages({
        ...networks,
        student: network.network,
        studentOutputs: network.outputs,
        teacher: method.made.needsTeacher ? teacher : null,
        batchSize,
        ...(rank !== undefined && { rank }),
        normalization: data.normalization,
        optimizers,
      }),
    );
    requireImages(method.method.name, stages, data);
    const rng = Rng.fromSeed(seed).split('student');
    const origin = originOf('method', method.made);
    const own = hasOwnParts();
    const prepare = await rehearse({
      backend,
      ...rehearsed,
      shape: networks.input,
      stages,
      teacherOutputs: teacher.outputs,
      teacher: teacherVariables,
      origin,
      finite: own ? { rng, origin, notice } : undefined,
      repeats: own,
      ...(!own && programCode()),
    });
    const { method: named, options: completed, needsTeacher } = method;
    return {
      name,
      method: named,
      options: completed,
      needsTeacher,
      network,
      stages,
      epochs,
      seed,
      rng,
      prepare,
    };
  };
}
