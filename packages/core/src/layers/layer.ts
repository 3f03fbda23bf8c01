import type { Tensor } from '@tensorflow/tfjs-core';
import type { Context, LayerSummary, Variables } from '../contracts/network.js';
import { AncError, isAncError } from '../errors/error.js';
import type { Rng } from '../random/rng.js';
import type { HostTensor, Tree } from '../tree/tree.js';

/** What a layer's `apply` returns: its output, and the statistics that changed (in training only). */
export interface LayerApplied {
  /** Output of the layer, [B, …]. */
  readonly output: Tensor;
  /** Statistics that changed, by name; empty outside of training. */
  readonly stats: Tree;
}

/**
 * A network with one input and one output tensor, from which larger networks are composed.
 *
 * A layer names its own variables (`weights`); its container adds the layer's name as a prefix (`conv1/weights`).
 * Shapes are without the batch axis: [H, W, C] or [d].
 */
export interface Layer {
  /** Name of the layer, unique in its container. */
  readonly name: string;
  /** Shape of the output. Throws `ANC_MODEL_INPUT` for an input that the layer cannot take. */
  outputShape(input: readonly number[]): readonly number[];
  /** Initial variables for inputs of this shape. */
  init(rng: Rng, input: readonly number[]): Variables<HostTensor>;
  /**
   * x: [B, ...input] -> [B, ...outputShape(input)]. Reads no tensor values, and draws random numbers only through the
   * context.
   */
  apply(variables: Variables, x: Tensor, context: Context): LayerApplied;
  /** Rows in order of execution, named by path: `<layer>`, `<layer>/<inner layer>`. */
  summary(input: readonly number[]): readonly LayerSummary[];
}

export const NO_VARIABLES: Variables<never> = { params: {}, stats: {} };

/** A layer without variables, from its shape rule and its function. By the paper's count it has no FLOPs. */
export function stateless(
  name: string,
  outputShape: (input: readonly number[]) => readonly number[],
  f: (x: Tensor) => Tensor,
): Layer {
  return {
    name,
    outputShape,
    init: (_rng, input) => {
      outputShape(input);
      return NO_VARIABLES;
    },
    apply: (_variables, x) => ({ output: f(x), stats: {} }),
    summary: (input) => [{ name, output: outputShape(input), parameters: 0, flops: 0 }],
  };
}

/** The tensor that a layer multiplies its kernel by: x, or what the context's `operand` hook makes of it. */
export const operandOf = (context: Context, x: Tensor, kernel: Tensor): Tensor =>
  context.operand ? context.operand(x, kernel) : x;

/** The error for an input of a shape that a layer cannot take. */
export function modelInputError(
  layer: string,
  expected: string,
  received: readonly number[],
  hint?: string,
): AncError {
  return new AncError(
    'ANC_MODEL_INPUT',
    `${layer}: cannot take an input of shape [${received.join(', ')}].`,
    {
      expected,
      received: `[${received.join(', ')}]`,
      ...(hint === undefined ? {} : { hint }),
    },
  );
}

/** Runs `f`; where it throws `ANC_MODEL_INPUT`, adds `name/` before the layer's name in the message. */
export function withLayerPath<T>(name: string, f: () => T): T {
  try {
    return f();
  } catch (error) {
    if (!isAncError(error) || error.code !== 'ANC_MODEL_INPUT') throw error;
    throw new AncError('ANC_MODEL_INPUT', `${name}/${error.message}`, error.detail);
  }
}

/** The shape of an image, [H, W, C]. Throws `ANC_MODEL_INPUT` for another rank or a size below one. */
export function imageShape(layer: string, input: readonly number[]): readonly [number, number, number] {
  if (input.length !== 3 || input.some((size) => !Number.isInteger(size) || size < 1)) {
    throw modelInputError(layer, 'an image [height, width, channels], each at least 1', input);
  }
  return input as readonly [number, number, number];
}

/** The width of a vector. Throws `ANC_MODEL_INPUT` for another rank. */
export function vectorWidth(layer: string, input: readonly number[]): number {
  if (input.length !== 1 || !Number.isInteger(input[0]) || input[0]! < 1) {
    throw modelInputError(layer, 'a vector [width]', input, 'put flatten or globalAveragePool before it.');
  }
  return input[0]!;
}
