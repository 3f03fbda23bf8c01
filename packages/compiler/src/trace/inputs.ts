import type { LeafSpec } from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
import { cast } from '../graph/shape-ops.js';
import { identityLayout, physicalShape, type TracedTensor } from '../lower/traced-tensor.js';
import type { Tracer } from '../lower/tracer.js';
import type { TraceBackend } from './backend.js';

/** A graph input as a traced tensor; bytes become float32. */
export function inputTensor(
  tracer: Tracer,
  name: string,
  { shape, dtype }: LeafSpec,
  layout: readonly number[] = identityLayout(shape.length),
): TracedTensor {
  const value = tracer.graph.input(name, dtype, physicalShape(shape, layout));
  if (dtype === 'uint8') return tracer.tensor(cast(tracer.graph, value, 'float32'), shape, 'float32', layout);
  return tracer.tensor(value, shape, dtype, layout);
}

/** The tfjs tensor of a place in the graph. */
export function toTensor(backend: TraceBackend, traced: TracedTensor): tf.Tensor {
  return tf.engine().makeTensorFromTensorInfo(backend.info(traced), backend);
}

/** The place in the graph of a tfjs tensor. */
export const toTraced = (backend: TraceBackend, tensor: tf.Tensor): TracedTensor =>
  backend.tracedOf(tensor.dataId, tensor.shape, tensor.dtype);
