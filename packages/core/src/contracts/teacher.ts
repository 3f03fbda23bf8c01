import type { HostTensor, Tree } from '../tree/tree.js';
import type { ImageBatch } from './dataset.js';
import type { ClassifierOutputs, Network, Variables } from './network.js';

/** A frozen function from images to logits and named features, on whatever backend or process it runs. */
export abstract class Teacher {
  /** Name in records and error messages. */
  abstract readonly name: string;
  /** Changes whenever the outputs may have changed: weights, architecture, normalization, backend. */
  abstract readonly hash: string;
  /** Names and shapes (no batch axis) of its outputs: `logits`, `features`, taps. */
  abstract readonly outputs: Tree<readonly number[]>;
  /**
   * The network and the weights behind the function, for methods that take gradients through it. Left out where it has
   * none: a model of another program, or a function of the caller.
   */
  readonly frozen?: FrozenNetwork;
  /** images: [B, H, W, C] bytes. Returns the named outputs, [B, …] each. */
  abstract infer(images: HostTensor, names: readonly string[]): Promise<Tree<HostTensor>>;
  /**
   * Takes images [N, H, W, C] of bytes like those that it will infer from, where its backend calibrates; its hash then
   * contains `digest`, which stands for them. Left out where a teacher computes by other means.
   */
  calibrate?(images: HostTensor, digest: string): void;
  /** Frees what it holds: threads, device memory. */
  abstract dispose(): Promise<void>;
}

/** A network that takes bytes, with its trained variables. */
export interface FrozenNetwork {
  /** The network. */
  readonly network: Network<ClassifierOutputs>;
  /** Its trained variables. */
  readonly variables: Variables<HostTensor>;
}

/** The frozen teacher's outputs for a batch, cached or computed: named outputs, [B, …] each. */
export interface TeacherOutputs {
  /** Outputs of the images of `batch` by name, [B, …] each. Throws where an output of that name does not exist. */
  outputs(batch: ImageBatch, names: readonly string[]): Promise<Tree<HostTensor>>;
}
