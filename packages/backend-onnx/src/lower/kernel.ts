import type { TracedTensor } from './traced-tensor.js';
import type { Tracer } from './tracer.js';

/** One call of a tfjs kernel on traced tensors. */
export interface Call {
  readonly t: Tracer;
  readonly attrs: Readonly<Record<string, unknown>>;
  /** An input by its tfjs name. */
  input(name: string): TracedTensor;
  /** An input that may be left out. */
  optional(name: string): TracedTensor | null;
  /** All inputs of a kernel that takes a list. */
  readonly list: readonly TracedTensor[];
}

export type Lowering = (call: Call) => TracedTensor | readonly TracedTensor[];

/** How one tfjs kernel becomes ONNX nodes. */
export interface Kernel {
  readonly kernel: string;
  /** What it becomes, for the table of the documentation. */
  readonly onnx: string;
  readonly lower: Lowering;
}

export const kernel = (name: string, onnx: string, lower: Lowering): Kernel => ({
  kernel: name,
  onnx,
  lower,
});
