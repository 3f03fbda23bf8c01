import type { TracedTensor } from './traced-tensor.js';
import type { Tracer } from './tracer.js';

/** One call of a tfjs kernel on traced tensors. */
export interface Call {
  readonly t: Tracer;
  readonly attrs: Readonly<Record<string, unknown>>;
  /** An input by its tfjs name. */
  input(name: string): TracedTensor;
  /** An optional input; null where it is omitted. */
  optional(name: string): TracedTensor | null;
  /** All inputs of a kernel that takes a list. */
  readonly list: readonly TracedTensor[];
}

/** Adds a kernel's nodes to the tracer's graph. */
export type Lowering = (call: Call) => TracedTensor | readonly TracedTensor[];

/** How one tfjs kernel becomes ONNX nodes. */
export interface Kernel {
  /** Name of the tfjs kernel. */
  readonly kernel: string;
  /** ONNX operators that it becomes, for the table in the documentation. */
  readonly onnx: string;
  /** Adds its nodes. */
  readonly lower: Lowering;
}

/** A table entry: `name` is the tfjs kernel. A lowering throws `RangeError` for arguments that it does not support. */
export const kernel = (name: string, onnx: string, lower: Lowering): Kernel => ({
  kernel: name,
  onnx,
  lower,
});
