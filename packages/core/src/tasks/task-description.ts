import type { Task, TaskData, TaskMetric } from '../contracts/task.js';
import { classification } from './classification/classification.js';

/** What a document says of its task: enough to read and compare its numbers without the task itself. */
export interface TaskDescription {
  readonly name: string;
  /** Those that are reported, the primary metric first. */
  readonly metrics: readonly [TaskMetric, ...TaskMetric[]];
  /** Whether there is one prediction per image, so that shares of images have a binomial sampling error. */
  readonly perImage: boolean;
}

export function describeTask(task: Task, data: TaskData): TaskDescription {
  const [primary, ...rest] = task.metrics;
  return {
    name: task.name,
    metrics: [primary, ...rest.filter(({ fewestClasses = 0 }) => data.classes >= fewestClasses)],
    perImage: task.targets(data).length === 0,
  };
}

const CLASSIFICATION: TaskDescription = {
  name: classification.name,
  metrics: classification.metrics,
  perImage: true,
};

/** The task of a document; those of classification do not name it. */
export const taskOfDocument = ({ task }: { readonly task?: TaskDescription }): TaskDescription =>
  task ?? CLASSIFICATION;

/** The entry of a document that names its task; none for classification. */
export const taskEntry = (task: TaskDescription): { readonly task?: TaskDescription } =>
  task.name === classification.name ? {} : { task };
