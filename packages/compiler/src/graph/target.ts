/** What a graph is compiled for: lowering and passes choose by it. */
export interface Target {
  /** A training step or a function. Passes on gradients apply to steps only. */
  readonly kind: 'step' | 'function';
  /** Only operators of the standard domain, for other runtimes. */
  readonly portable: boolean;
  /** Channels per block of ONNX Runtime's NCHWc layout on this processor; null where it has no such layout. */
  readonly channelBlock: number | null;
  /** An accelerator computes: some of ONNX Runtime's kernels are wrong or missing there. */
  readonly accelerated: boolean;
  /** Products apply a ReLU that follows them as they store their result, so that it costs nothing. */
  readonly fusesRelu: boolean;
  /**
   * The engine has operations of its own for gradients of convolutions and pooling (graph/window-gradients.ts), and fuses chains
   * of elementwise operations; others get them as operations of ONNX.
   */
  readonly ownGradients: boolean;
  /**
   * What convolutions and matrix products multiply. float16: the engine adds such products in float32, and has no layout of its
   * own for them (passes/products-in-float16.ts).
   */
  readonly products: 'float32' | 'float16';
}

/** What may be chosen of a target; by default any processor, without NCHWc layout. */
export type TargetOptions = Partial<Omit<Target, 'kind'>>;

/** A target of a kind, with the options that are not given at their defaults. */
export const targetOf = (kind: Target['kind'], options: TargetOptions = {}): Target => ({
  portable: false,
  channelBlock: null,
  accelerated: false,
  fusesRelu: false,
  ownGradients: false,
  products: 'float32',
  ...options,
  kind,
});
