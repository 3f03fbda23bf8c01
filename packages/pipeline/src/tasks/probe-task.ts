import { inspect } from 'node:util';
import { AncError, Rng, sizeOf, type Task, type TaskData } from '@anc/core';
import { sameTwice } from '../composition/same-twice.js';

/** Images that are tried. */
const IMAGES = 2;

/**
 * Tries what a task computes outside of a step on random logits: shapes are lists of whole numbers, the same logits give the
 * same predictions, and every metric is a number.
 *
 * @param what the task as errors call it.
 * @throws `ANC_PLUGIN` where one of it is not so.
 */
export function probeTask(task: Task, data: TaskData, what: string): void {
  if (data.classes === 0) return; // images without labels: what the teacher gives is tried once it is open
  const fault = (problem: string, expected: string, received: unknown): AncError =>
    new AncError('ANC_PLUGIN', `${what}: ${problem}.`, {
      expected,
      received: inspect(received, { depth: 1, breakLength: Infinity }),
    });
  const shapeFrom = (member: 'outputs' | 'targets'): readonly number[] => {
    const shape: unknown = sameTwice(what, member, () => task[member](data));
    if (Array.isArray(shape) && shape.every((size) => Number.isInteger(size) && size >= 1))
      return shape as number[];
    throw fault(`${member} gives no shape`, 'a list of whole numbers from 1', shape);
  };
  const [outputs, targets] = [shapeFrom('outputs'), shapeFrom('targets')];
  const logits = (): Float32Array => {
    const rng = Rng.fromSeed(0).split('probe');
    return Float32Array.from({ length: IMAGES * sizeOf(outputs) }, () => rng.normal());
  };
  const shape = [IMAGES, ...outputs];
  const predicted: unknown = sameTwice(what, 'predict', () => task.predict({ shape, data: logits() }));
  const isList = predicted instanceof Int32Array || predicted instanceof Float32Array;
  if (!isList || predicted.length === 0 || predicted.length % IMAGES !== 0) {
    const received = isList ? `${predicted.length} values for ${IMAGES} images` : predicted;
    throw fault(
      'predict gives no predictions',
      'an Int32Array or Float32Array with the same number for each image',
      received,
    );
  }
  const measured: unknown = sameTwice(what, 'measure', () => {
    const measurement = task.measure(data);
    measurement.add({ shape, data: logits() }, new Int32Array(IMAGES * sizeOf(targets)));
    return measurement.result();
  });
  const infinite = predicted.findIndex((value) => !Number.isFinite(value));
  if (infinite !== -1) throw fault('predict gives no predictions', 'finite numbers', predicted[infinite]);
  const missing = task.metrics.find(
    ({ name }) => !Number.isFinite((measured as Record<string, unknown>)[name]),
  );
  if (missing !== undefined)
    throw fault(
      `its measurement lacks the metric "${missing.name}"`,
      'a finite number for every metric',
      measured,
    );
}
