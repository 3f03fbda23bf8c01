import { sizeOf, type LayerSummary } from '@anc/core';

/** [H, W, C] of the image that a matrix's input is, for each of a network's matrices that follows a `flatten`. */
export type FlattenedImages = ReadonlyMap<string, readonly number[]>;

/**
 * Where a network flattens images of more than one pixel. We flatten rows, columns, channels; PyTorch channels first:
 * the same matrix has its inputs in another order there.
 *
 * `rows` are the network's layers in order, `params` its parameters by name.
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
      image = null; // what follows sees no image but this layer's vector
    }
    if (output.length === 3) image = output;
    else if (image !== null && sizeOf(output) !== sizeOf(image)) image = null; // pooled to a vector
  }
  return found;
}
