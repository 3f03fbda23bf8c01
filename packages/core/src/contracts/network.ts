import type { Tensor } from '@tensorflow/tfjs-core';
import type { Distribution, NoiseRows } from '../random/noise.js';
import type { Rng } from '../random/rng.js';
import type { HostTensor, Tree } from '../tree/tree.js';

/** A network's variables: `params` are trained, `stats` (such as batch-norm averages) are carried along. */
export interface Variables<T = Tensor> {
  /** Trained variables by name. */
  readonly params: Tree<T>;
  /** Statistics by name, such as the running averages of batch norm. */
  readonly stats: Tree<T>;
}

/** A network's only access to the mode, to random numbers, and to code that reads or replaces its activations. */
export interface Context {
  /** True while gradients are computed: batch norm uses the batch's statistics and returns new running averages. */
  readonly training: boolean;
  /**
   * A seeded random tensor, drawn on the host and so equal on every backend. The first axis of `shape` is the batch.
   * Names are unique within a network's `apply`.
   *
   * @param rows default: those of this rank. `whole` is for what every rank computes alike for the whole batch; networks
   *   leave it out.
   */
  noise(name: string, shape: readonly number[], distribution: Distribution, rows?: NoiseRows): Tensor;
  /**
   * A hook that reads or replaces an activation; the identity by default. A network calls it for the input of its
   * last layer (`'features'`) and for each of its taps, and continues with the result.
   */
  activation(name: string, x: Tensor): Tensor;
  /**
   * A hook that replaces the input of a layer with a kernel: a layer calls it with its input and its kernel, and
   * continues with the result. Binarized networks change inputs here.
   */
  operand?(x: Tensor, kernel: Tensor): Tensor;
  /**
   * A hook that sees the input of each batch norm in inference mode, with the running averages that it is normalized by.
   * A generator's terms compare them.
   */
  normalized?(input: BatchNormInput): void;
  /**
   * The other ranks, where several share a batch and batch norm is synchronized; left out elsewhere. Whatever is computed
   * from several images of a batch, and not from each by itself, takes its means over all ranks by it.
   */
  readonly ranks?: BatchRanks;
}

/** The ranks that share a batch, as the code of a step sees them. */
export interface BatchRanks {
  /** How many there are. */
  readonly count: number;
  /**
   * The mean of x over all ranks, weighted by their rows of the batch; float32, of one shape on all ranks. Differentiable:
   * the gradient is the mean of the gradients, each of the rank's own loss, a mean over its rows. All ranks wait for each
   * other: what is computed at the same depth is exchanged together on compiled backends.
   */
  mean(x: Tensor): Tensor;
}

/** The input of a batch norm [B, …, C], and its running averages [C]. */
export interface BatchNormInput {
  /** [B, …, C]. */
  readonly x: Tensor;
  /** Running average of the mean, [C]. */
  readonly mean: Tensor;
  /** Running average of the variance, [C]. */
  readonly variance: Tensor;
}

/** What `apply` returns: the outputs by name, and the statistics that changed (all of them in training). */
export interface Applied<O> {
  /** Outputs by name. */
  readonly outputs: O;
  /** Statistics that changed, by name; all of them in training. */
  readonly stats: Tree;
}

/** One row of a network's summary, for one image. */
export interface LayerSummary {
  /** Name of the layer, with the names of the blocks that contain it. */
  readonly name: string;
  /** Output shape without the batch. */
  readonly output: readonly number[];
  /** Number of trainable parameters. */
  readonly parameters: number;
  /** 2 × multiply-adds + bias additions. */
  readonly flops: number;
  /** Of batch norm: what is added to the variance, where it is not 1e-5. */
  readonly epsilon?: number;
}

/**
 * Every trainable thing (student, teacher, discriminator, adapter) is a network: pure functions over
 * flat named trees. The same `apply` is run eagerly, compiled for training, and exported.
 */
export interface Network<O extends object> {
  /** Name in summaries, records and error messages. */
  readonly name: string;
  /**
   * New variables for inputs of shape `input` (no batch axis).
   *
   * @throws `ANC_MODEL_INPUT` for an unsuitable shape.
   */
  init(rng: Rng, input: readonly number[]): Variables<HostTensor>;
  /** x: [B, ...input]. Reads no tensor values, and draws random numbers only through the context. */
  apply(variables: Variables, x: Tensor, context: Context): Applied<O>;
  /**
   * Layers in order of execution.
   *
   * @throws like `init`.
   */
  summary(input: readonly number[]): readonly LayerSummary[];
}

/**
 * A model's outputs: logits [B, …, classes] of the shape that its task declares ([B, classes] for classification),
 * features [B, …, d] (the input of the last layer), and named taps.
 */
export interface ClassifierOutputs {
  /** Logits [B, …, classes]. */
  readonly logits: Tensor;
  /** Features [B, …, d], the input of the last layer. */
  readonly features: Tensor;
  readonly [tap: string]: Tensor;
}

/** The network being trained. */
export abstract class Student implements Network<ClassifierOutputs> {
  /** Name in summaries, records and error messages. */
  abstract readonly name: string;
  /** Width of the logits' last axis. */
  abstract readonly classes: number;
  abstract init(rng: Rng, input: readonly number[]): Variables<HostTensor>;
  /** x: [B, H, W, C] -> logits [B, …, classes], features [B, …, d]. */
  abstract apply(variables: Variables, x: Tensor, context: Context): Applied<ClassifierOutputs>;
  abstract summary(input: readonly number[]): readonly LayerSummary[];
}

/** A discriminator's output before the sigmoid: [B, 1], or any [B, …] of patches. */
export interface DiscriminatorOutputs {
  /** Raw logits, [B, 1] or [B, …]: above 0 for the teacher. */
  readonly logits: Tensor;
  /** Class logits of an auxiliary classifier, [B, classes]. */
  readonly classes?: Tensor;
}

/**
 * Distinguishes teacher (1) from student (0) by features or logits. Returns raw logits, never a sigmoid: the losses
 * are the numerically stable ones.
 */
export abstract class Discriminator implements Network<DiscriminatorOutputs> {
  /** Name in summaries, records and error messages. */
  abstract readonly name: string;
  /** Whether it takes a condition beside x: class probabilities [B, classes]. */
  readonly conditional: boolean = false;
  /** `classes`: width of the condition, for conditional discriminators. */
  abstract init(rng: Rng, input: readonly number[], classes?: number): Variables<HostTensor>;
  /** x: [B, …] -> logits [B, …]. */
  abstract apply(
    variables: Variables,
    x: Tensor,
    context: Context,
    condition?: Tensor,
  ): Applied<DiscriminatorOutputs>;
  abstract summary(input: readonly number[], classes?: number): readonly LayerSummary[];
}

/** A generator's output. */
export interface GeneratorOutputs {
  /** [B, H, W, C], in units of bytes: 0..255 is the range of a real image's pixels, not rounded. */
  readonly images: Tensor;
}

/**
 * Makes images from noise. Students and teachers take bytes and normalize them themselves (see `normalizedNetwork`), so a
 * generator gives bytes: what it maps to their range is its own choice.
 */
export abstract class Generator implements Network<GeneratorOutputs> {
  abstract readonly name: string;
  /** Width n of its input: standard normal noise [B, n]. */
  abstract readonly noise: number;
  /** `input`: [n]. */
  abstract init(rng: Rng, input: readonly number[]): Variables<HostTensor>;
  /** z: [B, n] -> images [B, H, W, C]. */
  abstract apply(variables: Variables, z: Tensor, context: Context): Applied<GeneratorOutputs>;
  abstract summary(input: readonly number[]): readonly LayerSummary[];
}
