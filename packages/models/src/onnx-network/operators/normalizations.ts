import { batchNorm, sizeOf } from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Call, Operator } from '../values/call.js';
import { combine } from './elementwise.js';
import {
  dimsOf,
  inOrder,
  known,
  laid,
  natural,
  naturalOrder,
  onBackend,
  reshapedTo,
  type Value,
} from '../values/value.js';

const none = (): number => NaN;

/**
 * In training by the statistics of the batch, whose running averages are recorded; in inference by the averages. The
 * attribute `training_mode` of the file has no effect.
 */
const batchNormalization: Operator = (call) => {
  const value = call.input(0);
  const rank = dimsOf(value).length;
  const order = [0, ...naturalOrder(rank).slice(2), ...(rank > 1 ? [1] : [])];
  const vector = (index: number): tf.Tensor => natural(call.input(index));
  const layer = batchNorm('norm', {
    momentum: call.number('momentum', 0.9),
    epsilon: call.number('epsilon', 1e-5),
  });
  const variables = {
    params: { gamma: vector(1), beta: vector(2) },
    stats: { mean: vector(3), variance: vector(4) },
  };
  const { output, stats } = layer.apply(variables, inOrder(value, order), call.around.context);
  const { inputs } = call.node;
  if (stats['mean']) call.around.recordAverage(inputs[3]!, stats['mean']);
  if (stats['variance']) call.around.recordAverage(inputs[4]!, stats['variance']);
  return laid(output, order);
};

/** (x - mean) / √(variance + ε) over some axes of a tensor. */
function standardized(x: tf.Tensor, axes: number[], epsilon: number): tf.Tensor {
  const centered = tf.sub(x, tf.mean(x, axes, true));
  const variance = tf.mean(tf.square(centered), axes, true);
  return tf.mul(centered, tf.rsqrt(tf.add(variance, epsilon)));
}

/** Scaled and shifted by weights of a shape that broadcasts. */
function affine(call: Call, value: Value, scale: Value | null, bias: Value | null): Value {
  const product = scale === null ? value : combine(call, value, scale, tf.mul, none);
  return bias === null ? product : combine(call, product, bias, tf.add, none);
}

/** Over the axes from `axis` on (Ba et al. 2016, arXiv 1607.06450). */
const layerNormalization: Operator = (call) => {
  const { x, order } = onBackend(call.input(0));
  const axis = call.axis(call.number('axis', -1), order.length);
  const axes = naturalOrder(order.length).filter((at) => order[at]! >= axis);
  const y = laid(standardized(x, axes, call.number('epsilon', 1e-5)), order);
  return affine(call, y, call.input(1), call.optional(2));
};

/** x / √(mean(x²) + ε), scaled (Zhang & Sennrich 2019, arXiv 1910.07467). */
const rmsNormalization: Operator = (call) => {
  const { x, order } = onBackend(call.input(0));
  const axis = call.axis(call.number('axis', -1), order.length);
  const axes = naturalOrder(order.length).filter((at) => order[at]! >= axis);
  const power = tf.add(tf.mean(tf.square(x), axes, true), call.number('epsilon', 1e-5));
  return affine(call, laid(tf.mul(x, tf.rsqrt(power)), order), call.input(1), null);
};

/** A vector per channel as [C, 1, …], so that it broadcasts over [N, C, …]. */
function perChannel(value: Value, rank: number): Value {
  const [channels] = dimsOf(value) as [number];
  return reshapedTo(value, [channels, ...naturalOrder(rank - 2).map(() => 1)]);
}

/** Each image and channel on its own. */
const instanceNormalization: Operator = (call) => {
  const { x, order } = onBackend(call.input(0));
  const axes = naturalOrder(order.length).filter((at) => order[at]! > 1);
  const y = laid(standardized(x, axes, call.number('epsilon', 1e-5)), order);
  const rank = order.length;
  return affine(call, y, perChannel(call.input(1), rank), perChannel(call.input(2), rank));
};

/** Groups of channels of each image (Wu & He 2018, arXiv 1803.08494). */
const groupNormalization: Operator = (call) => {
  const value = call.input(0);
  const dims = dimsOf(value);
  const groups = call.number('num_groups', 1);
  const [batch, channels, ...rest] = dims as [number, number, ...number[]];
  if (dimsOf(call.input(1))[0] !== channels) throw call.error('a scale per group, as until opset 20');
  const apart = onBackend(reshapedTo(value, [batch, groups, channels / groups, ...rest]));
  const axes = naturalOrder(apart.order.length).filter((at) => apart.order[at]! > 1);
  const y = laid(standardized(apart.x, axes, call.number('epsilon', 1e-5)), apart.order);
  const rank = dims.length;
  return affine(call, reshapedTo(y, dims), perChannel(call.input(1), rank), perChannel(call.input(2), rank));
};

/** A reduction over axes of the graph. */
const reduction =
  (
    f: (x: tf.Tensor, axes: number[], keepDims: boolean) => tf.Tensor,
    number?: (data: number[]) => number,
  ): Operator =>
  (call) => {
    const value = call.input(0);
    const rank = dimsOf(value).length;
    const given = call.axes(rank);
    if (given?.length === 0 && call.number('noop_with_empty_axes', 0) === 1) return value;
    const axes = given === null || given.length === 0 ? naturalOrder(rank) : given;
    const keeps = call.number('keepdims', 1) === 1;
    if (value.kind === 'known' && number && axes.length === rank) {
      return known(
        [number(Array.from(value.data))],
        keeps ? naturalOrder(rank).map(() => 1) : [],
        value.type,
      );
    }
    const { x, order } = onBackend(value);
    const kept = laid(
      f(
        x,
        axes.map((axis) => order.indexOf(axis)),
        true,
      ),
      order,
    );
    if (keeps) return kept;
    return reshapedTo(
      kept,
      dimsOf(kept).filter((_, axis) => !axes.includes(axis)),
    );
  };

const squares = (x: tf.Tensor, axes: number[], keeps: boolean): tf.Tensor =>
  tf.sum(tf.square(x), axes, keeps);

/** Each vector along an axis over its length. */
const lpNormalization: Operator = (call) => {
  const { x, order } = onBackend(call.input(0));
  const at = order.indexOf(call.axis(call.number('axis', -1), order.length));
  const length =
    call.number('p', 2) === 1 ? tf.sum(tf.abs(x), at, true) : tf.sqrt(tf.sum(tf.square(x), at, true));
  return laid(tf.div(x, length), order);
};

export const normalizations: Readonly<Record<string, Operator>> = {
  BatchNormalization: batchNormalization,
  LayerNormalization: layerNormalization,
  RMSNormalization: rmsNormalization,
  InstanceNormalization: instanceNormalization,
  GroupNormalization: groupNormalization,
  LpNormalization: lpNormalization,
  ReduceMean: reduction((x, axes, keeps) => tf.mean(x, axes, keeps)),
  ReduceSum: reduction(
    (x, axes, keeps) => tf.sum(x, axes, keeps),
    (data) => data.reduce((sum, one) => sum + one, 0),
  ),
  ReduceMax: reduction(
    (x, axes, keeps) => tf.max(x, axes, keeps),
    (data) => Math.max(...data),
  ),
  ReduceMin: reduction(
    (x, axes, keeps) => tf.min(x, axes, keeps),
    (data) => Math.min(...data),
  ),
  ReduceProd: reduction(
    (x, axes, keeps) => tf.prod(x, axes, keeps),
    (data) => sizeOf(data),
  ),
  ReduceSumSquare: reduction(squares),
  ReduceL1: reduction((x, axes, keeps) => tf.sum(tf.abs(x), axes, keeps)),
  ReduceL2: reduction((x, axes, keeps) => tf.sqrt(squares(x, axes, keeps))),
};
