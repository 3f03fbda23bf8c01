import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import { mapTree, type Tree } from '../tree/tree.js';

/**
 * The boundaries between the parts of a step: networks, terms, losses, optimizers. A step that is observed shows what
 * passes them, so that the part is found that makes NaN of numbers; any other step runs as if they were not there.
 */
export interface Observer {
  /** Looks at values that a part returned. `sentence`: what is said where they are not finite, without its verb. */
  produced(sentence: string, values: readonly Tensor[]): void;
  /** A term of a loss is computed. `part`: as errors call it; `isRequired`: whether it is a fault where it has no gradient. */
  term(part: string, isRequired: boolean): TermObserver;
}

/** Looks at the gradients of a term of a loss. */
export interface TermObserver {
  /** The gradient for what the term was given: one of its inputs, of any shape. */
  input(gradient: Tensor): void;
  /** The gradient for the number that it returned. */
  result(gradient: Tensor): void;
}

/** The boundary of a term of a loss: its inputs and its result pass it. */
export interface TermBoundary {
  /** Passes on an input. `what`: for errors. */
  input<T extends Tensor>(what: string, value: T): T;
  /** Passes on several inputs by name. */
  inputs<T extends object>(tree: T): T;
  /**
   * Passes on the number that the term returned, where the term is expected to have a gradient for any inputs: not on images
   * of an untrained generator, which a teacher may answer all alike.
   */
  result(value: Scalar): Scalar;
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
  observer?.produced(sentence, value instanceof tf.Tensor ? [value] : Object.values(value));
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
  if (observer === null) return value;
  const { produced: look } = observer;
  return watched(value, (dy) => look(`${part} returned a gradient for ${what} that is`, [dy]));
}

/** The same tensor, whose gradient is looked at. */
function watched<T extends Tensor>(value: T, look: (gradient: Tensor) => void): T {
  if (value.dtype !== 'float32') return value;
  return tf.customGrad((x) => ({
    value: tf.clone(x as Tensor),
    gradFunc: (dy: Tensor) => {
      look(dy);
      return tf.clone(dy);
    },
  }))(value) as T;
}

/** The same of several tensors by name. */
export const receivedTree = <T extends object>(part: string, tree: T): T =>
  observer === null ? tree : mapTensors(tree, (value, name) => received(part, name, value));

const mapTensors = <T extends object>(tree: T, map: (value: Tensor, name: string) => Tensor): T =>
  mapTree(tree as Tree<unknown>, (value, name) =>
    value instanceof tf.Tensor ? map(value as Tensor, name) : value,
  ) as T;

const UNOBSERVED: TermBoundary = {
  input: (_what, value) => value,
  inputs: (tree) => tree,
  result: (value) => value,
};

/**
 * The boundary of a term of a loss. Where the step is observed, the gradients of its inputs and of its result are looked at.
 *
 * @param part as errors call it; see `originOf`.
 * @param isRequired whether it is a fault where the term has no gradient.
 */
export function termBoundary(part: string, isRequired: boolean): TermBoundary {
  if (observer === null) return UNOBSERVED;
  const seen = observer.term(part, isRequired);
  const input = <T extends Tensor>(what: string, value: T): T =>
    watched(received(part, what, value), (dy) => seen.input(dy));
  return {
    input,
    inputs: (tree) => mapTensors(tree, (value, name) => input(name, value)),
    result: (value) => watched(value, (dy) => seen.result(dy)),
  };
}
