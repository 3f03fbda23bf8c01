import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { mapTree, type Tree } from '../tree/tree.js';

/**
 * The boundaries between the parts of a step: networks, terms, losses, optimizers. A step that is observed shows what
 * passes them, so that the part is found that makes NaN of numbers; any other step runs as if they were not there.
 */
export interface Observer {
  /** Looks at values that a part returned. `sentence`: what is said where they are not finite, without its verb. */
  produced(sentence: string, values: readonly Tensor[]): void;
}

let observer: Observer | null = null;

/** Runs code, synchronously, whose boundaries are observed. */
export function observing<T>(next: Observer, code: () => T): T {
  const before = observer;
  observer = next;
  try {
    return code();
  } finally {
    observer = before;
  }
}

/**
 * Passes on what a part of a step returned: a tensor, or several.
 *
 * @param sentence `discriminator "patch" of plugin "zoo" returned logits that are`: what follows is "not finite".
 */
export function produced<T extends Tensor | Tree>(sentence: string, value: T): T {
  observer?.produced(sentence, value instanceof tf.Tensor ? [value] : Object.values(value as Tree));
  return value;
}

/**
 * Passes on a tensor to a part of a step. Where the step is observed, the gradient that comes back is looked at: the part
 * made it from the gradient of what it returned.
 *
 * @param part as errors call it; see `originOf`.
 * @param what the tensor, for errors.
 */
export function received<T extends Tensor>(part: string, what: string, value: T): T {
  if (observer === null || value.dtype !== 'float32') return value;
  const { produced: look } = observer;
  return tf.customGrad((x) => ({
    value: tf.clone(x as Tensor),
    gradFunc: (dy: Tensor) => {
      look(`${part} returned a gradient for ${what} that is`, [dy]);
      return tf.clone(dy);
    },
  }))(value) as T;
}

/** The same of several tensors by name. */
export const receivedTree = <T extends object>(part: string, tree: T): T =>
  observer === null
    ? tree
    : (mapTree(tree as Tree<unknown>, (value, name) =>
        value instanceof tf.Tensor ? received(part, name, value) : value,
      ) as T);
