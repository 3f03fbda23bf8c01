import type { Graph } from './graph.js';
import { OWN_DOMAIN } from './own-domain.js';
import type { Attributes, Value } from './value.js';

/**
 * Operators for the gradients of convolutions and pooling, in [B, C, H, W] and [O, I / groups, kh, kw]. Their attributes are
 * those of the forward operation: `strides`, `pads`, `dilations`, `kernel_shape`, `group`. ONNX has none of them: only a target
 * with `ownGradients` gets them.
 */
export const WINDOW_GRADIENTS = {
  /** (dy, filter) to ∂/∂x. */
  convInput: 'ConvInputGradient',
  /** (x, dy) to ∂/∂filter. */
  convFilter: 'ConvFilterGradient',
  /** (dy, positions, which are the second output of MaxPool) to ∂/∂x: dy at the first maximum of each window. */
  maxPool: 'MaxPoolGradient',
  /** (dy) to ∂/∂x: dy, divided by the number of pixels in its window, over each window. */
  averagePool: 'AveragePoolGradient',
} as const;

/** Adds one of them to a graph. */
export const windowGradient = (
  graph: Graph,
  op: keyof typeof WINDOW_GRADIENTS,
  inputs: readonly Value[],
  shape: readonly number[],
  attributes: Attributes,
): Value => graph.op(WINDOW_GRADIENTS[op], inputs, 'float32', shape, attributes, OWN_DOMAIN);
