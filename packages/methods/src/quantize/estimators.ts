import { filled, type HostTensor, type Tree } from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

/** Quantizes a layer's weights (and inputs) in the forward pass, with a gradient rule for the backward pass. */
export interface Estimator {
  /** Name in records; contains every option. */
  readonly name: string;
  /** Layers to quantize; `inner`: all layers with weights but the first and the last. */
  readonly layers: 'inner' | 'all';
  /** Further trained parameters of a layer, from its initial full-precision weights. */
  init(weights: HostTensor): Tree<HostTensor>;
  /** The quantized weights; gradients reach `latent` and the further parameters by the estimator's rule. */
  weights(latent: Tensor, further: Tree): Tensor;
  /** The quantized input of a layer, if inputs are quantized too. x: [B, …]. */
  input?(x: Tensor): Tensor;
  /** Projects the latent weights into their allowed range, after every update. */
  project?(latent: Tensor): Tensor;
}

const mask = (condition: Tensor): Tensor => tf.cast(condition, 'float32');

/** Signs, ±1; that of zero is 1. */
const signs = (x: Tensor): Tensor => tf.sub(tf.mul(mask(tf.greaterEqual(x, 0)), 2), 1);

/** All axes but the filters' axis, which is the last, or the third of depthwise kernels [h, w, C, 1]. */
export function withinFilter(shape: readonly number[]): number[] {
  const filters = shape.length === 4 && shape[3] === 1 ? 2 : shape.length - 1;
  return shape.map((_, axis) => axis).filter((axis) => axis !== filters);
}

/** Fan-in plus fan-out. */
function fans(shape: readonly number[]): number {
  const [inputs, outputs] = shape.slice(-2) as [number, number];
  const area = shape.slice(0, -2).reduce((product, size) => product * size, 1);
  return area * (inputs + outputs);
}

/**
 * Trained ternary quantization (Zhu 2017, arXiv 1612.01064): w^t = W_p where w > Δ, -W_n where w < -Δ, else 0, with
 * Δ = t · max|w| (Eq. 4, 5) and W_p, W_n learned per layer. Gradients (Eq. 7, 8): ∂/∂W_p sums over its weights,
 * ∂/∂w is W_p, 1 or W_n times the incoming one.
 *
 * The paper fixed t = 0.05, full precision in the first and the last layer, and a start from trained weights; here
 * training starts from scratch, with W_p and W_n at the mean magnitude of the weights that they replace.
 */
export function ttq({ threshold = 0.05 } = {}): Estimator {
  return {
    name: `ttq(${threshold})`,
    layers: 'inner',
    init({ data }) {
      const values = Array.from(data);
      const limit = threshold * values.reduce((most, w) => Math.max(most, Math.abs(w)), 0);
      const mean = (kept: number[]): HostTensor =>
        filled([], kept.reduce((sum, w) => sum + Math.abs(w), 0) / Math.max(1, kept.length));
      return {
        positive: mean(values.filter((w) => w > limit)),
        negative: mean(values.filter((w) => w < -limit)),
      };
    },
    weights: (latent, { positive, negative }) =>
      tf.customGrad((...inputs) => {
        const [w, p, n, save] = inputs as [Tensor, Tensor, Tensor, tf.GradSaveFunc];
        const limit = tf.mul(tf.max(tf.abs(w)), threshold);
        const [above, below] = [mask(tf.greater(w, limit)), mask(tf.less(w, tf.neg(limit)))];
        save([above, below, p, n]);
        return {
          value: tf.sub(tf.mul(above, p), tf.mul(below, n)),
          gradFunc: (dy: Tensor, saved: Tensor[]) => {
            const [up, down, wp, wn] = saved as [Tensor, Tensor, Tensor, Tensor];
            const between = tf.sub(1, tf.add(up, down));
            const scale = tf.add(tf.add(tf.mul(up, wp), tf.mul(down, wn)), between);
            return [tf.mul(dy, scale), tf.sum(tf.mul(dy, up)), tf.neg(tf.sum(tf.mul(dy, down)))];
          },
        };
      })(latent, positive!, negative!),
  };
}

/**
 * BinaryConnect (Courbariaux 2015, arXiv 1511.00363), deterministic: w^b = H · sign(w), the gradient of w^b is passed
 * to w, and w is clipped to [-H, H] after every update (Algorithm 1).
 *
 * The paper's H is 1 with batch norm behind every layer, and its code scales each layer's updates by Glorot's coefficient
 * (`W_LR_scale`). Here H = √(6 / (fan-in + fan-out)) so that networks without batch norm train too; batch norm removes the
 * scale from the output. All layers are binary, as in the paper.
 */
export function binaryConnect(): Estimator {
  const bound = (shape: readonly number[]): number => Math.sqrt(6 / fans(shape));
  return {
    name: 'binaryconnect',
    layers: 'all',
    init: () => ({}),
    weights: (latent) =>
      tf.customGrad((w) => ({
        value: tf.mul(signs(w as Tensor), bound(latent.shape)),
        gradFunc: (dy) => dy,
      }))(latent),
    project: (latent) => {
      const limit = bound(latent.shape);
      return tf.minimum(tf.maximum(latent, -limit), limit);
    },
  };
}

/**
 * Binary-Weight-Networks (Rastegari 2016, arXiv 1603.05279, Section 3.1): w^b = α · sign(w), α = mean|w| of each
 * filter; ∂/∂w_i = ∂/∂w^b_i · (1/n + α · 1{|w_i| ≤ 1}), n weights per filter.
 *
 * The paper fixed α as the best scale for the signs, and full precision in the first and the last layer. Ours: first
 * and last are those of the student's own order, and depthwise kernels have one filter per channel. The authors' code
 * also multiplies this gradient by n (1 - 1/C), C the layer's input channels; the paper has no such factor, and neither
 * has this. Under Adam, which the code uses, it changes little: a constant factor of a layer's gradient cancels.
 */
export function binaryWeights(): Estimator {
  return {
    name: 'bwn',
    layers: 'inner',
    init: () => ({}),
    weights: (latent) =>
      tf.customGrad((...inputs) => {
        const [w, save] = inputs as [Tensor, tf.GradSaveFunc];
        const axes = withinFilter(w.shape);
        const alpha = tf.mean(tf.abs(w), axes, true);
        save([w, alpha]);
        return {
          value: tf.mul(signs(w), alpha),
          gradFunc: (dy: Tensor, saved: Tensor[]) => {
            const [x, scale] = saved as [Tensor, Tensor];
            const count = axes.reduce((product, axis) => product * x.shape[axis]!, 1);
            const inside = mask(tf.lessEqual(tf.abs(x), 1));
            return tf.mul(dy, tf.add(1 / count, tf.mul(inside, scale)));
          },
        };
      })(latent),
  };
}

/**
 * XNOR-Networks (Rastegari 2016, Section 3.2): weights as in `binaryWeights`, and a layer's input as β · sign(x), with
 * the gradient passed through where |x| ≤ 1.
 *
 * The paper has one β per window and batch norm before every binarization. Here there is one β = mean|x| per image (the
 * layer is linear, so any kernel works), and the image's mean is subtracted from x first: after a ReLU every sign would
 * be positive.
 */
export function xnor(): Estimator {
  return {
    ...binaryWeights(),
    name: 'xnor',
    input: (x) => {
      const axes = x.shape.map((_, axis) => axis).slice(1);
      const centered = tf.sub(x, tf.mean(x, axes, true));
      return tf.customGrad((...inputs) => {
        const [z, save] = inputs as [Tensor, tf.GradSaveFunc];
        const beta = tf.mean(tf.abs(z), axes, true); // [B, 1, …]
        save([z, beta]);
        return {
          value: tf.mul(signs(z), beta),
          gradFunc: (dy: Tensor, saved: Tensor[]) => {
            const [input, scale] = saved as [Tensor, Tensor];
            return tf.mul(tf.mul(dy, scale), mask(tf.lessEqual(tf.abs(input), 1)));
          },
        };
      })(centered);
    },
  };
}

/** The estimators by name. */
export const estimators = {
  ttq,
  binaryconnect: binaryConnect,
  bwn: binaryWeights,
  xnor,
} as const satisfies Record<string, () => Estimator>;

export type EstimatorName = keyof typeof estimators;
