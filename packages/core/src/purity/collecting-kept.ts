import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { currentPart } from './parts.js';

/** How tensors are made to outlive the step that computes them. */
type Keeper = Record<'keep' | 'makeVariable', (...given: readonly unknown[]) => Tensor>;

/**
 * Runs code and collects the tensors that `tf.keep` and `tf.variable` make outlive it, each with the part of a step that does. The machinery of gradients keeps
 * tensors too, and disposes of them: look which of them are left when everything is over.
 */
export function collectingKept<T>(kept: Map<Tensor, string | null>, code: () => T): T {
  const engine = tf.engine() as unknown as Keeper;
  const collecting =
    (name: keyof Keeper) =>
    (...given: readonly unknown[]): Tensor => {
      const { [name]: original } = Object.getPrototypeOf(engine) as Keeper;
      const tensor = original.apply(engine, given as unknown[]);
      kept.set(tensor, currentPart());
      return tensor;
    };
  engine.keep = collecting('keep');
  engine.makeVariable = collecting('makeVariable');
  try {
    return code();
  } finally {
    Reflect.deleteProperty(engine, 'keep');
    Reflect.deleteProperty(engine, 'makeVariable');
  }
}
