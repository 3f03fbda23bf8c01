import { AncError } from '@anc/core';
import type { Recorded } from './node.js';

/** Converts a call of a tfjs kernel, with tfjs's names of inputs and attributes, to a TensorFlow operation. */
export type Kernel = (
  inputs: Readonly<Record<string, Recorded>>,
  attributes: Readonly<Record<string, unknown>>,
) => Recorded;

/** The same for a kernel with several outputs, each of which becomes an operation of its own. */
export type MultipleKernel = (...args: Parameters<Kernel>) => readonly Recorded[];

/** `ANC_EXPORT`: an operation cannot be exported in this form. */
export const unsupported = (op: string, how: string): AncError =>
  new AncError('ANC_EXPORT', `${op} ${how} cannot be exported as a TensorFlow graph.`, {
    hint: 'export the network as ONNX or safetensors.',
  });
