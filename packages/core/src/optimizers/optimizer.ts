import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import {
  filled,
  mapTree,
  mergeTrees,
  prefixTree,
  subtree,
  type HostTensor,
  type Tree,
} from '../tree/tree.js';

/** The result of an update. */
export interface Updated {
  readonly params: Record<string, Tensor>;
  readonly slots: Record<string, Tensor>;
}

/** A pair of pure functions, init and update. Everything that changes over time is a tensor argument. */
export interface Optimizer {
  /** Contains every constant: part of the compile cache's key. */
  readonly id: string;
  /** The initial slots (velocities, moments) for parameters. */
  init(params: Tree<HostTensor>): Record<string, HostTensor>;
  /** grads, params: the same names and shapes. */
  update(grads: Tree, slots: Tree, params: Tree, learningRate: Scalar): Updated;
}

/** The parameters that weight decay applies to. */
export type DecayScope = 'weights' | 'all';

export interface WeightDecay {
  /** Factor of the parameters, per step and unit of learning rate. */
  readonly rate: number;
  /** `l2`: added to the gradient. `decoupled`: subtracted from the parameters (Loshchilov & Hutter 2019). */
  readonly mode: 'l2' | 'decoupled';
  /** `weights`: kernels only. `all`: biases and batch-norm parameters too. */
  readonly scope: DecayScope;
}

export const noDecay: WeightDecay = { rate: 0, mode: 'l2', scope: 'weights' };

/** The kernels of convolutions and dense layers are named `…/weights`; biases and batch-norm parameters are not. */
const isKernel = (name: string): boolean => /(^|\/)weights$/.test(name);

const decays = (decay: WeightDecay, name: string): boolean =>
  decay.rate > 0 && (decay.scope === 'all' || isKernel(name));

/** The gradient with the L2 part, ∇ + rate · w. */
function withL2(grads: Tree, params: Tree, decay: WeightDecay): Record<string, Tensor> {
  if (decay.mode !== 'l2') return { ...grads };
  return mapTree(grads, (grad, name) =>
    decays(decay, name) ? tf.add(grad, tf.mul(params[name]!, decay.rate)) : grad,
  );
}

/** w - lr · (step + rate · w), the second term for decoupled decay only. */
function applyUpdate(
  params: Tree,
  steps: Tree,
  learningRate: Scalar,
  decay: WeightDecay,
): Record<string, Tensor> {
  return mapTree(params, (param, name) => {
    const step = steps[name]!;
    const full =
      decay.mode === 'decoupled' && decays(decay, name) ? tf.add(step, tf.mul(param, decay.rate)) : step;
    return tf.sub(param, tf.mul(full, learningRate));
  });
}

export interface SgdOptions {
  readonly momentum?: number;
  readonly nesterov?: boolean;
  readonly decay?: WeightDecay;
}

/**
 * Stochastic gradient descent: v ← m·v + g; w ← w - lr·v, or with Nesterov w ← w - lr·(g + m·v) (Sutskever et al.
 * 2013, in the form that PyTorch and TensorFlow use).
 */
export function sgd({ momentum = 0, nesterov = false, decay = noDecay }: SgdOptions = {}): Optimizer {
  return {
    id: `sgd(${JSON.stringify({ momentum, nesterov, decay })})`,
    init: (params) =>
      momentum === 0
        ? {}
        : prefixTree(
            'velocity',
            mapTree(params, (p) => filled(p.shape)),
          ),
    update(grads, slots, params, learningRate) {
      const g = withL2(grads, params, decay);
      if (momentum === 0) return { params: applyUpdate(params, g, learningRate, decay), slots: {} };
      const old = subtree(slots, 'velocity');
      const velocity = mapTree(g, (grad, name) => tf.add(tf.mul(old[name]!, momentum), grad));
      const steps = nesterov
        ? mapTree(g, (grad, name) => tf.add(grad, tf.mul(velocity[name]!, momentum)))
        : velocity;
      return {
        params: applyUpdate(params, steps, learningRate, decay),
        slots: prefixTree('velocity', velocity),
      };
    },
  };
}

export interface AdamOptions {
  readonly beta1?: number;
  readonly beta2?: number;
  readonly epsilon?: number;
  readonly decay?: WeightDecay;
}

/** Adam (Kingma & Ba 2015), bias-corrected: w ← w - lr · m̂ / (√v̂ + ε). AdamW when the decay is decoupled. */
export function adam({
  beta1 = 0.9,
  beta2 = 0.999,
  epsilon = 1e-8,
  decay = noDecay,
}: AdamOptions = {}): Optimizer {
  return {
    id: `adam(${JSON.stringify({ beta1, beta2, epsilon, decay })})`,
    init: (params) =>
      mergeTrees<HostTensor>(
        prefixTree(
          'mean',
          mapTree(params, (p) => filled(p.shape)),
        ),
        prefixTree(
          'square',
          mapTree(params, (p) => filled(p.shape)),
        ),
        { 'power/beta1': filled([], 1), 'power/beta2': filled([], 1) }, // β^t, stored instead of t
      ),
    update(grads, slots, params, learningRate) {
      const g = withL2(grads, params, decay);
      const power1 = tf.mul(slots['power/beta1']!, beta1);
      const power2 = tf.mul(slots['power/beta2']!, beta2);
      const [meanSlots, squareSlots] = [subtree(slots, 'mean'), subtree(slots, 'square')];
      const mean = mapTree(g, (grad, name) =>
        tf.add(tf.mul(meanSlots[name]!, beta1), tf.mul(grad, 1 - beta1)),
      );
      const square = mapTree(g, (grad, name) =>
        tf.add(tf.mul(squareSlots[name]!, beta2), tf.mul(tf.square(grad), 1 - beta2)),
      );
      const scale1 = tf.div(1, tf.sub(1, power1));
      const scale2 = tf.div(1, tf.sub(1, power2));
      const steps = mapTree(mean, (m, name) =>
        tf.div(tf.mul(m, scale1), tf.add(tf.sqrt(tf.mul(square[name]!, scale2)), epsilon)),
      );
      return {
        params: applyUpdate(params, steps, learningRate, decay),
        slots: mergeTrees<Tensor>(prefixTree('mean', mean), prefixTree('square', square), {
          'power/beta1': power1,
          'power/beta2': power2,
        }),
      };
    },
  };
}
