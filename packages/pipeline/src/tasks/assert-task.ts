import { AncError, type Task, type TaskData, type Tree } from '@anc/core';
import type { OpenedTask } from './opened-task.js';

/**
 * Refuses a model of another task than the dataset's. `declared`: the task that it was made for, options aside; without
 * any, it is made for classification. Throws `ANC_TASK`.
 */
export function assertSameTask(what: string, declared: string, dataset: string, wanted: string): void {
  const [own, other] = [nameIn(declared), nameIn(wanted)];
  if (own === other) return;
  throw new AncError('ANC_TASK', `${what} is for ${own}, and dataset "${dataset}" is for ${other}.`, {
    expected: `a model for ${other}`,
    received: `one for ${own}`,
    hint: `choose a model and a dataset of the same task: anc-cli list shows both.`,
  });
}

const nameIn = (named: string): string => named.replace(/\(.*/s, '').trim();

/** Refuses outputs that are not those of the task. Throws `ANC_TASK`. */
export function assertTaskOutputs(
  what: string,
  outputs: Tree<readonly number[]>,
  { task, data }: Pick<OpenedTask, 'task' | 'data'>,
): void {
  const wanted = logitsShape(task, data);
  const found = outputs['logits'];
  if (found?.join() === wanted.join()) return;
  throw new AncError('ANC_TASK', `${what} does not give the logits of the task ${task.name}.`, {
    expected: `[${wanted.join(', ')}] for an image of ${data.input.join('×')} and ${data.classes} classes`,
    received: found === undefined ? 'no output named "logits"' : `[${found.join(', ')}]`,
    hint: 'choose a model and a dataset of the same task.',
  });
}

const logitsShape = (task: Task, data: TaskData): readonly number[] => task.outputs(data);
