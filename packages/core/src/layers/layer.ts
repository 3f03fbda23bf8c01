import type { Tensor } from '@tensorflow/tfjs-core';
import { AncError, isAncError } from '../errors/error.js';
import type { Context, LayerSummary, Variables } from '../contracts/network.js';
import type { Rng } from '../random/rng.js';
import type { HostTensor, Tree } from '../tree/tree.js';

/** What a layer's `apply` returns: its output, and the statistics that changed (in training only). */
export interface LayerApplied {
  readonly output: Tensor;
  readonly stats: Tree;
}

/**
 * A network of one tensor in, one tensor out: what networks are put together from.
 *
 * A layer names its own variables (`weights`); whoever contains it puts the layer's name in front
 * (`conv1/weights`). Shapes are without the batch axis: [H, W, C] or [d].
 */
export interface Layer {
  readonly name: string;
  /** Throws `ANC_MODEL_INPUT` where the layer cannot take such an input. */
  outputShape(input: readonly number[]): readonly number[];
  init(rng: Rng, input: readonly number[]): Variables<HostTensor>;
  /** x: [B, ...input] -> [B, ...outputShape(input)]. Never reads values, never draws numbers of its own. */
  apply(variables: Variables, x: Tensor, context: Context): LayerApplied;
  /** Rows in order of execution, named by path: a layer's own name, and what is inside it. */
  summary(input: readonly number[]): readonly LayerSummary[];
}

export const NO_VARIABLES: Variables<never> = { params: {}, stats: {} };

/** A layer without variables, of a shape rule and a function. It costs nothing by the paper's count. */
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

/** What a layer multiplies its weights by: its input, through whoever wants to change it. */
export const operandOf = (context: Context, x: Tensor, weights: Tensor): Tensor =>
  context.operand ? context.operand(x, weights) : x;

/** An input that a layer cannot take. */
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

/** Runs `f` and puts `name/` before the layer that an `ANC_MODEL_INPUT` of its names. */
export function inside<T>(name: string, f: () => T): T {
  try {
    return f();
  } catch (error) {
    if (!isAncError(error) || error.code !== 'ANC_MODEL_INPUT') throw error;
    throw new AncError('ANC_MODEL_INPUT', `${name}/${error.message}`, error.detail);
  }
}

/** An image's [H, W, C]; throws `ANC_MODEL_INPUT` on any other rank or a size below one. */
export function imageShape(layer: string, input: readonly number[]): readonly [number, number, number] {
  if (input.length !== 3 || input.some((size) => !Number.isInteger(size) || size < 1)) {
    throw modelInputError(layer, 'an image [height, width, channels], each at least 1', input);
  }
  return input as readonly [number, number, number];
}

/** A vector's width; throws `ANC_MODEL_INPUT` on any other rank. */
export function vectorWidth(layer: string, input: readonly number[]): number {
  if (input.length !== 1 || !Number.isInteger(input[0]) || input[0]! < 1) {
    throw modelInputError(layer, 'a vector [width]', input, 'put flatten or globalAveragePool before it.');
  }
  return input[0]!;
}
