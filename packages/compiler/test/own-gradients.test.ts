import { valueAndGradients } from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor4D } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { reachable } from '../src/graph/graph.js';
import { WINDOW_GRADIENTS } from '../src/graph/window-gradients.js';
import { traceFunction } from '../src/trace/trace-function.js';

const inputs = {
  x: { shape: [2, 6, 6, 3], dtype: 'float32' },
  w: { shape: [3, 3, 3, 4], dtype: 'float32' },
  d: { shape: [3, 3, 4, 2], dtype: 'float32' },
} as const;

/** The gradients of a convolution, a depthwise one, a max-pool and an average pool. */
function gradientsOf(ownGradients: boolean): readonly { op: string; shape: readonly number[] }[] {
  const { graph, outputs } = traceFunction(
    (leaves) =>
      valueAndGradients(({ x, w, d }) => {
        const y = tf.relu(tf.conv2d(x as Tensor4D, w as Tensor4D, 1, 'same'));
        const z = tf.depthwiseConv2d(tf.maxPool(y, 2, 2, 'valid'), d as Tensor4D, 1, 'same');
        return { loss: tf.sum<Scalar>(tf.square(tf.avgPool(z, 2, 1, 'valid'))), aux: {} };
      }, leaves).grads,
    { id: 'test', inputs },
    {},
    { ownGradients },
  );
  const nodes = reachable(
    graph,
    outputs.map(({ value }) => value),
  );
  return nodes.map(({ op, outputs: [first] }) => ({ op, shape: first!.shape }));
}

describe('gradients of windows', () => {
  const own = new Set<string>(Object.values(WINDOW_GRADIENTS));

  it('are operations of their own for a target that has them, in the shapes of what they are gradients of', () => {
    const found = gradientsOf(true).filter(({ op }) => own.has(op));
    const sorted = found.map(({ op, shape }) => `${op} ${shape.join()}`).sort();
    expect(sorted).toEqual([
      'AveragePoolGradient 2,8,3,3',
      'ConvFilterGradient 4,3,3,3',
      'ConvFilterGradient 8,1,3,3',
      'ConvInputGradient 2,3,6,6',
      'ConvInputGradient 2,4,3,3',
      'MaxPoolGradient 2,4,6,6',
    ]);
  });

  it('are operations of ONNX for any other', () => {
    expect(gradientsOf(false).filter(({ op }) => own.has(op))).toEqual([]);
  });
});
