import { checkStructure } from './check-structure.js';
import { imageInput } from './image-input.js';
import { decodeModel } from './proto.js';

/** Stands for a size that the file leaves open: a size that no model has. */
const OPEN = 7919;

/**
 * [H, W, C] of the images that a model takes; null for each size that its file leaves open.
 *
 * @throws `ANC_ONNX` on a file that is no image classifier
 */
export function onnxImageShape(
  bytes: Uint8Array,
  shown: string,
  layout: 'auto' | 'nchw' | 'nhwc' = 'auto',
): readonly [number | null, number | null, number | null] {
  const model = decodeModel(bytes, shown);
  checkStructure(model, shown);
  const { shape } = imageInput(model, shown, [OPEN, OPEN, OPEN], layout);
  const [height, width, channels] = shape.map((size) => (size === OPEN ? null : size));
  return [height!, width!, channels!];
}
