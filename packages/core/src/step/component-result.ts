import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import { AncError } from '../errors/error.js';
import { produced } from '../finite/produced.js';
import { namesOf, type Tree } from '../tree/tree.js';
import { blamed } from './network-result.js';

/** Also of another copy of tfjs-core. */
const isTensor = (value: unknown): value is Tensor => value instanceof tf.Tensor;

const shapeOf = (value: unknown): string =>
  isTensor(value) ? `a tensor of shape [${value.shape.join(', ')}]` : String(value);

/**
 * The scalar that a component's function returns.
 *
 * @param component as errors call it; see `originOf`.
 * @param member the function, for errors.
 * @throws `ANC_OBJECTIVE` where it is no tensor with one number, or where the function throws.
 */
export function scalarFrom(component: string, member: string, compute: () => unknown): Scalar {
  const value = blamed(component, compute);
  if (isTensor(value) && value.size === 1)
    return produced(`${component} returned from ${member} a number that is`, value as Scalar);
  throw new AncError('ANC_OBJECTIVE', `${component}: ${member} does not return a scalar.`, {
    expected: 'a tensor with one number',
    received: shapeOf(value),
    hint: isTensor(value)
      ? 'reduce it over the batch: tf.mean(…).'
      : 'return the result of operations of tfjs-core.',
  });
}

/**
 * The memory that a component returns: every entry of the memory that it got, of the same shape.
 *
 * @param member the function, for errors.
 * @throws `ANC_OBJECTIVE` for other entries or shapes, or where the function throws.
 */
export function memoryFrom(
  component: string,
  member: string,
  memory: Tree,
  compute: () => unknown,
): Record<string, Tensor> {
  const next = blamed(component, compute);
  const fault = (problem: string, expected: string, received: string): AncError =>
    new AncError('ANC_OBJECTIVE', `${component}: ${problem}.`, {
      expected,
      received,
      hint: 'return every entry of the memory, with the shape that it started with.',
    });
  const tree = typeof next === 'object' && next !== null && !isTensor(next) ? (next as Tree<unknown>) : null;
  const [expected, received] = [namesOf(memory), tree === null ? [] : namesOf(tree)];
  if (tree === null || expected.join() !== received.join()) {
    throw fault(
      `${member} returns other entries than its memory has`,
      expected.join(', ') || 'none',
      tree === null ? shapeOf(next) : received.join(', ') || 'none',
    );
  }
  for (const name of expected) {
    const [before, after] = [memory[name]!, tree[name]];
    if (isTensor(after) && after.shape.join() === before.shape.join()) continue;
    throw fault(`${member} changes the shape of "${name}"`, `[${before.shape.join(', ')}]`, shapeOf(after));
  }
  return produced(`${component} returned from ${member} a memory that is`, { ...(tree as Tree) });
}

/**
 * The samples that a memory draws: entries of these names, [rows, …] each.
 *
 * @throws `ANC_OBJECTIVE` for others, or where the function throws.
 */
export function samplesFrom(
  component: string,
  names: readonly string[],
  rows: number,
  compute: () => unknown,
): Record<string, Tensor> {
  const drawn = blamed(component, compute);
  const tree =
    typeof drawn === 'object' && drawn !== null && !isTensor(drawn) ? (drawn as Tree<unknown>) : {};
  for (const name of names) {
    const entry = tree[name];
    if (isTensor(entry) && entry.shape[0] === rows) continue;
    throw new AncError('ANC_OBJECTIVE', `${component}: draw returns no ${rows} rows of "${name}".`, {
      expected: `tensors of ${rows} rows by name: ${names.join(', ')}`,
      received: entry === undefined ? namesOf(tree).join(', ') || shapeOf(drawn) : shapeOf(entry),
      hint: 'return the same rows of every entry that `init` was given samples of.',
    });
  }
  return produced(`${component} returned from draw samples that are`, {
    ...(tree as Record<string, Tensor>),
  });
}
