import type { RankGroup } from '@anc/core/internal';
import type { Composition } from '../composition/compose.js';
import type { PluginRecord } from '../composition/provenance.js';
import type { Fetching } from '../data/open-dataset.js';
import type { RunData, TrainingData } from '../data/training-data.js';
import type { PlannedHook } from '../hooks/hook-runner.js';
import type { OptionPath, RunOptions } from '../options/run-options.js';
import type { OpenedTask } from '../tasks/opened-task.js';
import type { Named } from '../text/named.js';
import type { GivenTeacher, OpenTeacher } from './given-teacher.js';
import type { TeacherInspection } from './inspect-teacher.js';
import type { MethodDefaults } from './method-options.js';
import type { RunBackends } from './open-backends.js';
import type { PlannedModel } from './plan-model.js';
import type { UnusedOption } from './unused-options.js';

/** What is planned: options, and values that options cannot name. */
export interface PlanRequest {
  readonly options: RunOptions;
  /** Options that the caller set, for notices about those without effect. */
  readonly given: readonly OptionPath[];
  readonly composition: Composition;
  readonly fetching?: Fetching;
  /** Opens a teacher that is a value of the caller, in place of `options.teacher.model`. */
  readonly openTeacher?: OpenTeacher;
  /** Names of the students to plan, of those that the options ask for; default: all. */
  readonly only?: readonly string[];
  /** The other ranks, where several processes train together. */
  readonly rankGroup?: RankGroup;
}

/** A run, checked: everything that can be wrong with the request has been found, nothing was written. */
export interface Plan<D extends TrainingData = RunData> {
  readonly options: RunOptions;
  readonly data: D;
  /** What the dataset's targets and the networks' logits mean. */
  readonly task: OpenedTask;
  /** Trained in the run, or given. */
  readonly teacher: PlannedModel | GivenTeacher;
  readonly students: readonly PlannedModel[];
  /** What is called while the run goes on. */
  readonly hooks: readonly PlannedHook[];
  /** What is recorded of the plugins. */
  readonly plugins: readonly PluginRecord[];
  readonly backends: RunBackends;
  /**
   * Names of the networks' outputs, in their order; null where a given teacher does not name its classes and folders are
   * all there is: whether they are in the teacher's order, nothing says.
   */
  readonly classNames: readonly string[] | null;
  /** What a given teacher's predictions look like; null for a teacher that is trained in the run. */
  readonly inspection: TeacherInspection | null;
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
