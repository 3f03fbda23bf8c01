import { AncError } from '@anc/core';
import type { Recorded } from './node.js';

/** A call of a tfjs kernel, its inputs and attributes by tfjs's names, as an operation of TensorFlow's. */
export type Kernel = (
  inputs: Readonly<Record<string, Recorded>>,
  attributes: Readonly<Record<string, unknown>>,
) => Recorded;

export const unsupported = (op: string, how: string): AncError =>
  new AncError('ANC_EXPORT', `${op} ${how} cannot be written as a TensorFlow graph here.`, {
    hint: 'export the network as ONNX or safetensors.',
  });
