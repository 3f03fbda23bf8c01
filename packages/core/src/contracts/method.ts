import type { Rng } from '../random/rng.js';
import type { RowRange } from '../tree/rows.js';
import type { HostTensor, Tree } from '../tree/tree.js';
import type { Normalization } from './dataset.js';
import type { Rank } from './exchange.js';
import type { Network, ClassifierOutputs, Variables } from './network.js';
import type { OptimizerParts } from './optimizer.js';
import type { Step } from './step.js';
import type { Task } from './task.js';

/** Progress of a stage: `step` counts from 0 over the whole stage, `epoch` from 0. */
export interface Progress {
  /** Number of the current epoch, from 0. */
  readonly epoch: number;
  /** Epochs of the whole stage. */
  readonly epochs: number;
  /** Number of the current step over the whole stage, from 0. */
  readonly step: number;
  /** Steps of one epoch. */
  readonly stepsPerEpoch: number;
}

/** What a method learns of the frozen teacher. */
export interface TeacherEnvironment {
  /** Shapes (no batch axis) of its outputs, by name. */
  readonly outputs: Tree<readonly number[]>;
  /**
   * The teacher as a network that takes bytes, for methods whose steps apply it (`Stage.appliesTeacher`). Left out where
   * it is a function that has no gradient.
   */
  readonly network?: Network<ClassifierOutputs>;
}

/** What a method builds its stages for: the student, and what the teacher and the data look like. */
export interface MethodEnvironment {
  /** The network to train. */
  readonly student: Network<ClassifierOutputs>;
  /** Shapes (no batch axis) of the student's outputs. */
  readonly studentOutputs: Tree<readonly number[]>;
  /** [H, W, C]. */
  readonly input: readonly number[];
  /** Number of classes. */
  readonly classes: number;
  /** What the logits mean; default: classification. */
  readonly task?: Task;
  /** Shapes (no batch axis) of the teacher's outputs; null for methods without a teacher. */
  readonly teacher: TeacherEnvironment | null;
  /** Rows of a batch; for stages that make images themselves. */
  readonly batchSize?: number;
  /** This process among those that share the batches; left out where it is alone. For stages that make images themselves. */
  readonly rank?: Rank;
  /** How the student normalizes bytes. */
  readonly normalization?: Normalization;
  /** Optimizers and schedules by name, plugins' too: for `createOptimizer` and `learningRateOf`. */
  readonly optimizers?: OptimizerParts;
}

/** One step of a stage. */
export interface StepPlan {
  /** Learning rates, weights: every scalar that changes over time. The names are the same for all steps. */
  readonly hyper: Tree<number>;
  /** Names of the phases to run, in order; a name may repeat. */
  readonly phases: readonly string[];
}

/** One stage of a method's training, from its initial state to the trained student. */
export interface Stage {
  /** Name in logs and checkpoints; unique in its method. */
  readonly name: string;
  /**
   * Share of the run's epochs that this stage trains for, relative to the other stages'; 1 where left out. See
   * `allocateEpochs`.
   */
  readonly share?: number;
  /** Teacher outputs that the step's batch holds beside `images`, each as `teacher/<output>`. */
  readonly teacherOutputs: readonly string[];
  /** Whether the step's batch has `labels` [B, …targetShape] int32. */
  readonly usesLabels: boolean;
  /** Shape of an image's target, as the task declares it; default: `[]`, one class index. */
  readonly targetShape?: readonly number[];
  /**
   * Share of a batch's rows that are images of the data, `batchSize` times as many, rounded; 1 where left out. At 0 the
   * step gets no images and no teacher outputs: it makes them.
   */
  readonly imageShare?: number;
  /** Whether the step applies the teacher itself, to take gradients through it: `init` is given its variables. */
  readonly appliesTeacher?: boolean;
  /** False where the step's state depends on single samples, so that a batch cannot be cut into micro-batches or ranks. */
  readonly divisible?: boolean;
  /**
   * For a stage that divides its batches among ranks itself, as it makes images: the rows on which this rank trains the
   * student, counted over all ranks. Noise and the weight of the rank's means depend on them.
   */
  readonly rows?: RowRange;
  /** The training step. */
  readonly step: Step;
  /**
   * The initial state. Entries under `frozen/` never change: they are kept out of checkpoints, and made anew by `init`.
   *
   * @param previous the final state of the stage before, null for the first one that is trained.
   * @param teacher the frozen teacher's variables, where the stage applies it.
   */
  init(rng: Rng, previous: Tree<HostTensor> | null, teacher?: Variables<HostTensor> | null): Tree<HostTensor>;
  /**
   * Plans the next step: its hyper-parameters and phases. It depends on `progress` alone, so that training can be
   * resumed.
   */
  next(progress: Progress): StepPlan;
  /** The trained student's variables, out of the training state. */
  student(state: Tree<HostTensor>): Variables<HostTensor>;
  /** Images that the stage has generated last, [n, H, W, C] in units of bytes, for people to look at. */
  generated?(state: Tree<HostTensor>): HostTensor;
}

/** Whether a method reads labels. */
export type LabelUse = 'never' | 'optional' | 'required';

/** A training method: stages of steps. */
export abstract class Method {
  /** Name under which it is registered and recorded. */
  abstract readonly name: string;
  /** Whether it reads labels; with `never` it is given a type that has none. */
  abstract readonly labels: LabelUse;
  /** Whether any stage uses teacher outputs. */
  abstract readonly needsTeacher: boolean;
  /**
   * The network that is trained, evaluated and exported, derived from the chosen one: the same, unless a method
   * changes it (quantization). The caller uses it in place of the chosen one everywhere.
   */
  network(student: Network<ClassifierOutputs>): Network<ClassifierOutputs> {
    return student;
  }

  /** The stages of its training, in order. Throws `ANC_CONFIG` where options and environment do not fit. */
  abstract stages(environment: MethodEnvironment): readonly Stage[];
}
