import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import type { GradientTransform } from '../contracts/optimizer.js';
import { filled, mapTree, prefixTree, subtree, type HostTensor, type Tree } from '../tree/tree.js';

/** Zeros of every parameter's shape, under a slot's name. */
export const zerosLike = (slot: string, params: Tree<HostTensor>): Record<string, HostTensor> =>
  prefixTree(
    slot,
    mapTree(params, (p) => filled(p.shape)),
  );

/** A transform without slots: each update by a function of itself and its parameter. */
export const elementwise = (
  id: string,
  f: (update: Tensor, param: Tensor, learningRate: Scalar) => Tensor,
): GradientTransform => ({
  id,
  init: () => ({}),
  update: (updates, _slots, { params, learningRate }) => ({
    updates: mapTree(updates, (update, name) => f(update, params[name]!, learningRate)),
    slots: {},
  }),
});

/** u · lr: what makes a step of a direction. */
export const scaleByLearningRate = (): GradientTransform =>
  elementwise('learning-rate', (update, _param, learningRate) => tf.mul(update, learningRate));

/** u + rate · w. Before the other transforms it is L2 decay, after them decoupled decay (Loshchilov & Hutter 2019). */
export const addDecayedWeights = (rate: number): GradientTransform =>
  elementwise(`decay(${rate})`, (update, param) => tf.add(update, tf.mul(param, rate)));

/** √Σu² over all entries of all tensors; with `torch.nn.utils.clip_grad_norm_`'s 1e-6 it is never 0 in a denominator. */
export const globalNorm = (updates: Tree): Scalar =>
  tf.sqrt<Scalar>(
    Object.values(updates)
      .map((update) => tf.sum<Scalar>(tf.square(update)))
      .reduce((sum, square) => tf.add<Scalar>(sum, square)),
  );

/**
 * u · min(1, limit / (‖u‖ + 1e-6)), with the norm over all parameters of the network: `torch.nn.utils.clip_grad_norm_` (Pascanu et
 * al. 2013).
 */
export const clipByGlobalNorm = (limit: number): GradientTransform => ({
  id: `clip(${limit})`,
  init: () => ({}),
  update(updates) {
    if (Object.keys(updates).length === 0) return { updates, slots: {} };
    const factor = tf.minimum(tf.div(limit, tf.add(globalNorm(updates), 1e-6)), 1);
    return { updates: mapTree(updates, (update) => tf.mul(update, factor)), slots: {} };
  },
});

/**
 * v ← m·v + u, which is the new update; with Nesterov u + m·v (Sutskever et al. 2013, in the form that PyTorch and TensorFlow
 * use).
 */
export const trace = (momentum: number, { nesterov = false } = {}): GradientTransform => ({
  id: `trace(${momentum}, ${nesterov})`,
  init: (params) => zerosLike('velocity', params),
  update(updates, slots) {
    const old = subtree(slots, 'velocity');
    const velocity = mapTree(updates, (update, name) => tf.add(tf.mul(old[name]!, momentum), update));
    return {
      updates: nesterov
        ? mapTree(updates, (update, name) => tf.add(update, tf.mul(velocity[name]!, momentum)))
        : velocity,
      slots: prefixTree('velocity', velocity),
    };
  },
});

/** Options of `scaleByAdam`. */
export interface AdamScaling {
  /** Decay rate of the first moment; default: 0.9. */
  readonly beta1?: number;
  /** Decay rate of the second moment; default: 0.999. */
  readonly beta2?: number;
  /** Added to the denominator; default: 1e-8. */
  readonly epsilon?: number;
}

/** m̂ / (√v̂ + ε), both moments bias-corrected (Kingma & Ba 2015). β^t is stored instead of t. */
export const scaleByAdam = ({
  beta1 = 0.9,
  beta2 = 0.999,
  epsilon = 1e-8,
}: AdamScaling = {}): GradientTransform => ({
  id: `adam(${beta1}, ${beta2}, ${epsilon})`,
  init: (params) => ({
    ...zerosLike('mean', params),
    ...zerosLike('square', params),
    'power/beta1': filled([], 1),
    'power/beta2': filled([], 1),
  }),
  update(updates, slots) {
    const power1 = tf.mul(slots['power/beta1']!, beta1);
    const power2 = tf.mul(slots['power/beta2']!, beta2);
    const [oldMean, oldSquare] = [subtree(slots, 'mean'), subtree(slots, 'square')];
    const mean = mapTree(updates, (update, name) =>
      tf.add(tf.mul(oldMean[name]!, beta1), tf.mul(update, 1 - beta1)),
    );
    const square = mapTree(updates, (update, name) =>
      tf.add(tf.mul(oldSquare[name]!, beta2), tf.mul(tf.square(update), 1 - beta2)),
    );
    const scale1 = tf.div(1, tf.sub(1, power1));
    const scale2 = tf.div(1, tf.sub(1, power2));
    return {
      updates: mapTree(mean, (m, name) =>
        tf.div(tf.mul(m, scale1), tf.add(tf.sqrt(tf.mul(square[name]!, scale2)), epsilon)),
      ),
      slots: {
        ...prefixTree('mean', mean),
        ...prefixTree('square', square),
        'power/beta1': power1,
        'power/beta2': power2,
      },
    };
  },
});

/** Options of `scaleByRms`. */
export interface RmsScaling {
  /** Decay rate of the mean square. */
  readonly decay?: number;
  /** Added to the denominator; default: 1e-8. */
  readonly epsilon?: number;
  /** Subtracts the square of the mean: the variance instead of the mean square. */
  readonly centered?: boolean;
}

/** u / (√E[u²] + ε), the mean being a running one: RMSprop (Tieleman & Hinton 2012), as PyTorch has it. */
export const scaleByRms = ({
  decay = 0.99,
  epsilon = 1e-8,
  centered = false,
}: RmsScaling = {}): GradientTransform => ({
  id: `rms(${decay}, ${epsilon}, ${centered})`,
  init: (params) => ({
    ...zerosLike('square', params),
    ...(centered ? zerosLike('mean', params) : {}),
  }),
  update(updates, slots) {
    const [oldSquare, oldMean] = [subtree(slots, 'square'), subtree(slots, 'mean')];
    const running = (old: Tree, values: Tree): Record<string, Tensor> =>
      mapTree(values, (value, name) => tf.add(tf.mul(old[name]!, decay), tf.mul(value, 1 - decay)));
    const square = running(
      oldSquare,
      mapTree(updates, (update) => tf.square(update)),
    );
    const mean = centered ? running(oldMean, updates) : {};
    const spread = centered
      ? mapTree(square, (value, name) => tf.relu(tf.sub(value, tf.square(mean[name]!))))
      : square;
    return {
      updates: mapTree(updates, (update, name) => tf.div(update, tf.add(tf.sqrt(spread[name]!), epsilon))),
      slots: { ...prefixTree('square', square), ...prefixTree('mean', mean) },
    };
  },
});

/** u / (√Σu² + ε), the sum being over all steps (Duchi et al. 2011). */
export const scaleBySumOfSquares = ({ epsilon = 1e-10 } = {}): GradientTransform => ({
  id: `sum-of-squares(${epsilon})`,
  init: (params) => zerosLike('square', params),
  update(updates, slots) {
    const old = subtree(slots, 'square');
    const square = mapTree(updates, (update, name) => tf.add(old[name]!, tf.square(update)));
    return {
      updates: mapTree(updates, (update, name) => tf.div(update, tf.add(tf.sqrt(square[name]!), epsilon))),
      slots: prefixTree('square', square),
    };
  },
});

const norm = (x: Tensor): Scalar => tf.sqrt(tf.sum(tf.square(x)));

/** a where both norms are above 0, else 1. */
const ratioOrOne = (a: Tensor, ...norms: readonly Tensor[]): Tensor =>
  tf.where(
    norms.map((value) => tf.greater(value, 0)).reduce((both, one) => tf.logicalAnd(both, one)),
    a,
    tf.onesLike(a),
  );

/** u · ‖w‖ / ‖u‖ for each tensor, and u where a norm is 0: the trust ratio of LAMB (You et al. 2020, Algorithm 2, φ = identity). */
export const scaleByTrustRatio = (): GradientTransform =>
  elementwise('trust-ratio', (update, param) => {
    const [ofParam, ofUpdate] = [norm(param), norm(update)];
    return tf.mul(update, ratioOrOne(tf.div(ofParam, tf.maximum(ofUpdate, 1e-30)), ofParam, ofUpdate));
  });

/** Options of `scaleByLocalRate`. */
export interface LarsScaling {
  /** η, the trust coefficient. */
  readonly trust?: number;
  /** β, the weight decay. */
  readonly decay?: number;
}

/**
 * (u + β·w) · η·‖w‖ / (‖u‖ + β·‖w‖) for each tensor, and u + β·w where a norm is 0: the local learning rate of LARS (You, Gitman &
 * Ginsburg 2017, Eq. 6 and Algorithm 1).
 */
export const scaleByLocalRate = ({ trust = 0.001, decay = 0 }: LarsScaling = {}): GradientTransform =>
  elementwise(`local-rate(${trust}, ${decay})`, (update, param) => {
    const [ofParam, ofUpdate] = [norm(param), norm(update)];
    const rate = tf.div(tf.mul(ofParam, trust), tf.maximum(tf.add(ofUpdate, tf.mul(ofParam, decay)), 1e-30));
    const decayed = decay === 0 ? update : tf.add(update, tf.mul(param, decay));
    return tf.mul(decayed, ratioOrOne(rate, ofParam, ofUpdate));
  });
