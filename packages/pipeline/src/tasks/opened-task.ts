import { AncError, type Dataset, type Task, type TaskData } from '@anc/core';
import { describeTask, originOf, type TaskDescription } from '@anc/core/internal';
import type { Composition } from '../composition/compose.js';
import { blaming } from '../composition/plugin-fault.js';
import { taskNameOf } from '../data/dataset-facts.js';
import { NAMED_FORM, readNamed, type Named } from '../text/named.js';
import { probeTask } from './probe-task.js';

/** A task and the data that it is about. */
export interface OpenedTask {
  readonly task: Task;
  readonly data: TaskData;
  /** What documents hold of it. */
  readonly description: TaskDescription;
}

/** A task by name, with its options in brackets, for data. Throws `ANC_UNKNOWN` and `ANC_OPTIONS`. */
export async function openTask(
  named: string,
  data: TaskData,
  { registries }: Pick<Composition, 'registries'>,
): Promise<OpenedTask> {
  const task = await registries.tasks.create(readTaskName(named), undefined);
  const what = originOf('task', task);
  const description = blaming(what, () => {
    probeTask(task, data, what);
    return describeTask(task, data);
  });
  return { task, data, description };
}

/** The task that a dataset's targets are for. */
export const taskOfDataset = (
  dataset: Dataset,
  composition: Pick<Composition, 'registries'>,
): Promise<OpenedTask> =>
  openTask(taskNameOf(dataset), { input: dataset.shape, classes: dataset.classes.length }, composition);

function readTaskName(text: string): Named {
  const named = readNamed(text);
  if (!('problem' in named)) return named;
  throw new AncError('ANC_TASK', `a dataset's task: expected ${NAMED_FORM}.`, {
    received: text,
    hint: named.problem,
  });
}
