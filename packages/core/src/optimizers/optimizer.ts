import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import type { GradientTransform } from '../contracts/optimizer.js';
import { filled, mapTree, prefixTree, subtree, type HostTensor, type Tree } from '../tree/tree.js';
import { assertSameTree, chain, masked } from './chain.js';
import type { NameMask } from './name-mask.js';
import { addDecayedWeights, scaleByAdam, scaleByLearningRate, trace } from './transforms.js';

/** The result of an update. */
export interface Updated {
  /** Parameters after the update, by name. */
  readonly params: Record<string, Tensor>;
  /** The optimizer's slots after the update, by name. */
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

/** Options of `optimizerOf`. */
export interface OptimizerOptions {
  /** Decay rate of an exponential moving average of the parameters, kept in the slots `average/…`; none where left out. */
  readonly average?: number;
}

/** Slots of the averaged parameters. */
export const AVERAGE_SLOTS = 'average';
/** 0 before the first update, then 1. */
const AVERAGING_SLOT = 'averaging';

/**
 * w ← w - t, where t is what a transform makes of the gradients. @throws `ANC_OPTIMIZER` in `update` where the transform
 * returns other names or shapes than it received.
 */
export function optimizerOf(
  transform: GradientTransform,
  { average: averageDecay }: OptimizerOptions = {},
): Optimizer {
  const isAverage = (name: string): boolean =>
    averageDecay !== undefined && (name === AVERAGING_SLOT || name.startsWith(`${AVERAGE_SLOTS}/`));
  return {
    id: averageDecay === undefined ? transform.id : `${transform.id}, average(${averageDecay})`,
    init: (params) => ({
      ...transform.init(params),
      ...(averageDecay === undefined
        ? {}
        : { ...prefixTree(AVERAGE_SLOTS, params), [AVERAGING_SLOT]: filled([]) }),
    }),
    update(grads, slots, params, learningRate) {
      const own = Object.fromEntries(Object.entries(slots).filter(([name]) => !isAverage(name)));
      const result = transform.update(grads, own, { params, learningRate });
      assertSameTree('updates', transform.id, params, result.updates);
      assertSameTree('slots', transform.id, own, result.slots);
      const updated = mapTree(params, (param, name) => tf.sub(param, result.updates[name]!));
      return {
        params: updated,
        slots: {
          ...result.slots,
          ...(averageDecay === undefined ? {} : averaged(updated, slots, averageDecay)),
        },
      };
    },
  };
}

/** a ← d·a + (1 - d)·w, and a ← w at the first update, as `torch.optim.swa_utils.AveragedModel` has it. */
function averaged(params: Tree, slots: Tree, decay: number): Record<string, Tensor> {
  const kept = tf.mul(slots[AVERAGING_SLOT]!, decay);
  const old = subtree(slots, AVERAGE_SLOTS);
  const added = tf.sub(1, kept);
  return {
    ...prefixTree(
      AVERAGE_SLOTS,
      mapTree(params, (param, name) => tf.add(tf.mul(old[name]!, kept), tf.mul(param, added))),
    ),
    [AVERAGING_SLOT]: tf.onesLike(kept),
  };
}

/** The parameters that weight decay applies to. */
export type DecayScope = NameMask;

/** Decay of weights, and the parameters that it applies to. */
export interface WeightDecay {
  /** Factor of the parameters, per step and unit of learning rate. */
  readonly rate: number;
  /** `l2`: added to the gradient. `decoupled`: subtracted from the parameters (Loshchilov & Hutter 2019). */
  readonly mode: 'l2' | 'decoupled';
  /** `weights`: kernels only. `all`: biases and batch-norm parameters too. Or patterns of names; see `NameMask`. */
  readonly scope: DecayScope;
}

export const noDecay: WeightDecay = { rate: 0, mode: 'l2', scope: 'weights' };

/** A direction with weight decay before or after it, times the learning rate. */
export function withDecay({ rate, mode, scope }: WeightDecay, ...direction: readonly GradientTransform[]) {
  const decay = rate > 0 ? [masked(scope, addDecayedWeights(rate))] : [];
  return mode === 'l2'
    ? chain(...decay, ...direction, scaleByLearningRate())
    : chain(...direction, ...decay, scaleByLearningRate());
}

/** Options of `sgd`. */
export interface SgdOptions {
  /** Share of the previous update that is kept; default: 0. */
  readonly momentum?: number;
  /** Nesterov's variant of momentum; default: false. */
  readonly nesterov?: boolean;
  /** Weight decay; default: none. */
  readonly decay?: WeightDecay;
}

/**
 * Stochastic gradient descent: v ← m·v + g; w ← w - lr·v, or with Nesterov w ← w - lr·(g + m·v) (Sutskever et al.
 * 2013, in the form that PyTorch and TensorFlow use).
 */
export const sgd = ({ momentum = 0, nesterov = false, decay = noDecay }: SgdOptions = {}): Optimizer =>
  optimizerOf(withDecay(decay, ...(momentum === 0 ? [] : [trace(momentum, { nesterov })])));

/** Options of `adam`. */
export interface AdamOptions {
  /** Decay rate of the first moment; default: 0.9. */
  readonly beta1?: number;
  /** Decay rate of the second moment; default: 0.999. */
  readonly beta2?: number;
  /** Added to the denominator; default: 1e-8. */
  readonly epsilon?: number;
  /** Weight decay; default: none. */
  readonly decay?: WeightDecay;
}

/** Adam (Kingma & Ba 2015), bias-corrected: w ← w - lr · m̂ / (√v̂ + ε). AdamW when the decay is decoupled. */
export const adam = ({ decay = noDecay, ...scaling }: AdamOptions = {}): Optimizer =>
  optimizerOf(withDecay(decay, scaleByAdam(scaling)));
