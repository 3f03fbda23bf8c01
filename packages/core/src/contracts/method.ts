import type { Network, ClassifierOutputs, Variables } from './network.js';
import type { Rng } from '../random/rng.js';
import type { Step } from './step.js';
import type { HostTensor, Tree } from '../tree/tree.js';

/** Where training stands: `step` counts from 0 over the whole stage. */
export interface Progress {
  readonly epoch: number;
  readonly epochs: number;
  readonly step: number;
  readonly stepsPerEpoch: number;
}

/** What a method is told of the players before it builds its stages. */
export interface MethodEnvironment {
  readonly student: Network<ClassifierOutputs>;
  /** Shapes (no batch axis) of what the student gives. */
  readonly studentOutputs: Tree<readonly number[]>;
  /** [H, W, C]. */
  readonly input: readonly number[];
  readonly classes: number;
  /** Shapes (no batch axis) of what the teacher gives; null for methods without a teacher. */
  readonly teacher: { readonly outputs: Tree<readonly number[]> } | null;
}

/** What a stage wants of the next step. */
export interface StepPlan {
  readonly hyper: Tree<number>;
  readonly phases: readonly string[];
}

/** One training phase of a method, from init to what ships. */
export interface Stage {
  readonly name: string;
  /** Share of the run's epochs that this stage trains for, relative to the other stages'; 1 where left out. See `allocateEpochs`. */
  readonly share?: number;
  /** What the step's batch holds besides `images`: `teacher/<output>` for each of these. */
  readonly teacherOutputs: readonly string[];
  /** Whether the step's batch has `labels` [B] int32. */
  readonly usesLabels: boolean;
  readonly step: Step;
  /** `previous`: the state that the stage before ended with. */
  init(rng: Rng, previous: Tree<HostTensor> | null): Tree<HostTensor>;
  next(clock: Progress): StepPlan;
  /** What ships: the student's variables. */
  student(state: Tree<HostTensor>): Variables<HostTensor>;
}

export type LabelUse = 'never' | 'optional' | 'required';

/** A way to train a student: stages of steps. */
export abstract class Method {
  abstract readonly name: string;
  abstract readonly labels: LabelUse;
  /** Whether it needs a teacher's outputs at all. */
  abstract readonly needsTeacher: boolean;
  /**
   * The network that is trained, measured and shipped, made of the one that was chosen: itself, unless a
   * method changes it (quantisation). The caller puts it in the place of the chosen one, everywhere.
   */
  network(student: Network<ClassifierOutputs>): Network<ClassifierOutputs> {
    return student;
  }

  abstract stages(players: MethodEnvironment): readonly Stage[];
}
