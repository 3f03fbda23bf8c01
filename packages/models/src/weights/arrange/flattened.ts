import { sizeOf, type LayerSummary } from '@anc/core';

/** For each matrix that follows a `flatten`: the shape [H, W, C] of the image that was flattened. */
export type FlattenedImages = ReadonlyMap<string, readonly number[]>;

/**
 * Finds where a network flattens images of more than one pixel. We flatten rows, columns, channels, PyTorch channels
 * first: there the inputs of the same matrix have another order.
 * @param rows the network's layers in order
 * @param params its parameters by name
 */
export function flattenedImages(
  rows: readonly LayerSummary[],
  input: readonly number[],
  params: Readonly<Record<string, { readonly shape: readonly number[] }>>,
): FlattenedImages {
  const found = new Map<string, readonly number[]>();
  let image: readonly number[] | null = input;
  for (const { name, output } of rows) {
    const matrix = params[`${name}/weights`]?.shape;
    if (matrix?.length === 2) {
      if (
        image !== null &&
        image.length === 3 &&
        sizeOf(image.slice(0, 2)) > 1 &&
        matrix[0] === sizeOf(image)
      ) {
        found.set(`${name}/weights`, image);
      }
      image = null; // the next layer takes this layer's vector, not an image
    }
    if (output.length === 3) image = output;
    else if (image !== null && sizeOf(output) !== sizeOf(image)) image = null; // pooled to a vector
  }
  return found;
}
