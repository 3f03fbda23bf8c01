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
 * The samples that a memory draws, of these names: as many rows as `images` has, and images of that shape.
 *
 * @throws `ANC_OBJECTIVE` for others, or where the function throws.
 */
export function samplesFrom(
  component: string,
  names: readonly string[],
  images: readonly number[],
  compute: () => unknown,
): Record<string, Tensor> {
  const drawn = blamed(component, compute);
  const tree =
    typeof drawn === 'object' && drawn !== null && !isTensor(drawn) ? (drawn as Tree<unknown>) : {};
  const samples: Record<string, Tensor> = {};
  for (const name of names) {
    const entry = tree[name];
    const shape = name === 'images' ? images.join(', ') : `${images[0]}, …`;
    const fits =
      isTensor(entry) &&
      entry.dtype === 'float32' &&
      (name === 'images' ? entry.shape.join(', ') === shape : entry.shape[0] === images[0]);
    if (!fits)
      throw new AncError('ANC_OBJECTIVE', `${component}: draw returned no "${name}" as they were stored.`, {
        expected: `a float32 tensor of shape [${shape}]`,
        received: isTensor(entry)
          ? `${shapeOf(entry)}, ${entry.dtype}`
          : `entries: ${namesOf(tree).join(', ') || 'none'}`,
        hint: 'return one row for each number of `uniform`, of every entry of the samples that `init` received.',
      });
    samples[name] = entry;
  }
  return produced(`${component} returned from draw samples that are`, samples);
}
