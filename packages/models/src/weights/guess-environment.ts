import { AncError, isAncError, type ModelEnvironment } from '@anc/core';
import type { StateDict } from '@anc/formats';

/** Common sides of square input images, most common first. */
export const IMAGE_SIDES = [32, 28, 224, 64, 96, 128, 256, 299, 16];

export interface KnownEnvironment {
  readonly input?: ModelEnvironment['input'];
  readonly classes?: number;
}

/**
 * Infers the input and the classes of a network from the shapes in a file: channels from the first kernel, classes from
 * the last matrix or 1×1 convolution. The size of the images shows only in networks that flatten, so common sizes are
 * tried.
 * @param attempt builds the network for an environment; throws if it does not fit
 * @throws what the first attempt threw if none fits, and `ANC_WEIGHTS` if the shapes tell nothing
 */
export async function guessEnvironment<T>(
  { tensors, layout }: StateDict,
  known: KnownEnvironment,
  attempt: (environment: ModelEnvironment) => T | Promise<T>,
): Promise<{ readonly environment: ModelEnvironment; readonly result: T }> {
  const shapes = Object.values(tensors).map(({ shape }) => shape);
  const kernel = shapes.find(({ length }) => length === 4);
  const matrix = shapes.findLast(({ length }) => length === 2) ?? lastPointwise(shapes, layout);
  const channels = known.input?.[2] ?? kernel?.[layout === 'torch' ? 1 : 2];
  const classes = known.classes ?? matrix?.[layout === 'torch' ? 0 : 1];
  if (channels === undefined || classes === undefined) {
    throw new AncError(
      'ANC_WEIGHTS',
      'the input and the classes of the network cannot be inferred from the file.',
      {
        expected: 'a kernel of four axes and a matrix of two',
        hint: 'pass --input and --classes.',
      },
    );
  }
  let first: unknown;
  const inputs =
    known.input === undefined ? IMAGE_SIDES.map((side) => [side, side, channels] as const) : [known.input];
  for (const input of inputs) {
    const environment: ModelEnvironment = { input, classes };
    try {
      return { environment, result: await attempt(environment) };
    } catch (error) {
      if (!isAncError(error) || !['ANC_WEIGHTS', 'ANC_MODEL_INPUT'].includes(error.code)) throw error;
      first ??= error;
    }
  }
  throw first;
}

/** The last 1×1 kernel as a matrix: without any matrix it may be the head. */
function lastPointwise(shapes: readonly (readonly number[])[], layout: StateDict['layout']) {
  const [plane, matrix] =
    layout === 'torch'
      ? [
          [2, 3],
          [0, 1],
        ]
      : [
          [0, 1],
          [2, 3],
        ];
  const found = shapes.findLast((shape) => shape.length === 4 && plane.every((axis) => shape[axis] === 1));
  return found === undefined ? undefined : matrix.map((axis) => found[axis]!);
}
