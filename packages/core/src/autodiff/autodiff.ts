import * as tf from '@tensorflow/tfjs-core';
import './gradients.js';
import './second-derivatives.js';
import './second-derivatives-of-windows.js';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import { mapTree, namesOf, type Tree } from '../tree/tree.js';

/**
 * Gradients of Sum and Mean without an upload: those of tfjs multiply by a tensor of ones that is as large as the
 * input and comes from the host.
 */
function spread(dy: Tensor, x: Tensor, axis: number | number[]): Tensor {
  const axes = tf.util.parseAxisParam(axis, x.shape);
  const kept = x.shape.map((size, i) => (axes.includes(i) ? 1 : size));
  return tf.broadcastTo(tf.reshape(dy, kept), x.shape);
}

tf.registerGradient({
  kernelName: 'Sum',
  inputsToSave: ['x'],
  gradFunc: (dy, saved, attrs) => {
    const x = saved[0]!;
    return { x: () => spread(dy as Tensor, x, (attrs as unknown as { axis: number | number[] }).axis) };
  },
});

tf.registerGradient({
  kernelName: 'Mean',
  inputsToSave: ['x'],
  gradFunc: (dy, saved, attrs) => {
    const x = saved[0]!;
    const axis = (attrs as unknown as { axis: number | number[] }).axis;
    const count = x.size / (dy as Tensor).size;
    return { x: () => spread(tf.div(dy as Tensor, count), x, axis) };
  },
});

/** What a function returns to `valueAndGradients`: the scalar to differentiate, and other values that it computes. */
export interface Differentiated {
  /** The scalar to differentiate. */
  readonly loss: Scalar;
  /** Auxiliary values for the caller. */
  readonly aux?: Tree;
  /** Intermediate tensors at which the gradient of `loss` is computed too. */
  readonly watch?: Tree;
}

/** The result of `valueAndGradients`. */
export interface ValueAndGradients {
  /** The loss, as `f` returned it. */
  readonly loss: Scalar;
  /** The auxiliary values, as `f` returned them. */
  readonly aux: Record<string, Tensor>;
  /** ∂loss/∂leaf for every leaf of `params`; zeros where `f` does not use it. */
  readonly grads: Record<string, Tensor>;
  /** ∂loss/∂tensor for every watched tensor. */
  readonly watched: Record<string, Tensor>;
}

/** Value, auxiliary values and gradients of `f` with respect to `params`, in one forward and one backward pass. */
export function valueAndGradients(f: (params: Tree) => Differentiated, params: Tree): ValueAndGradients {
  const names = namesOf(params);
  const leaves = names.map((name) => params[name]!);
  const targets = [...leaves]; // the engine reads it after the forward pass, so watched tensors can be added
  let watchedNames: string[] = [];
  let kept: Record<string, Tensor> = {};
  const { value, grads } = tf.engine().gradients(
    () => {
      const { loss, aux = {}, watch = {} } = f(params);
      watchedNames = Object.keys(watch);
      targets.push(...Object.values(watch));
      kept = mapTree(aux, (leaf) => tf.keep(tf.clone(leaf))); // the forward pass's scope would dispose of them
      return loss;
    },
    targets,
    undefined,
    true,
  );
  const aux = mapTree(kept, (leaf) => {
    const tracked = tf.clone(leaf); // belongs to the caller's scope
    leaf.dispose();
    return tracked;
  });
  const gradient = (i: number): Tensor => (grads as (Tensor | undefined)[])[i] ?? tf.zerosLike(targets[i]!);
  return {
    loss: value,
    aux,
    grads: Object.fromEntries(names.map((name, i) => [name, gradient(i)])),
    watched: Object.fromEntries(watchedNames.map((name, i) => [name, gradient(names.length + i)])),
  };
}

/** Gradient of a scalar function of one tensor. */
export function gradientAt(f: (x: Tensor) => Scalar, x: Tensor): Tensor {
  return valueAndGradients((leaves) => ({ loss: f(leaves.x!) }), { x }).grads.x!;
}

/** The identity, with a gradient of zero. */
export const stopGradient = (x: Tensor): Tensor =>
  tf.customGrad((value) => ({
    value: tf.clone(value as Tensor),
    gradFunc: (dy) => tf.zerosLike(dy),
  }))(x);
