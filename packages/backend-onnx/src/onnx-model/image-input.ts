import { dimsOf, ELEMENT, elementOf, graphOf, onnxError, type ModelProto } from './proto.js';

export type Layout = 'nchw' | 'nhwc';

/** The one input of an image classifier. */
export interface ImageInput {
  readonly name: string;
  /** ONNX's number of the element type. */
  readonly element: number;
  /** Images per call, if the file fixes it; else null. */
  readonly batch: number | null;
  readonly layout: Layout;
  /** [H, W, C]; sizes that the file leaves open are those of the images. */
  readonly shape: readonly [number, number, number];
  /** Whether the sizes left the layout open. */
  readonly guessed: boolean;
}

const NAMES: Readonly<Record<number, string>> = { 1: 'float32', 2: 'uint8', 10: 'float16', 11: 'float64' };

/**
 * Finds the input that takes images.
 *
 * @throws `ANC_ONNX` if there are several inputs, or one of another rank or element type, or if neither layout fits its
 *   sizes and those of the images
 */
export function imageInput(
  model: ModelProto,
  shown: string,
  images: readonly [number, number, number],
  layout: Layout | 'auto' = 'auto',
): ImageInput {
  const graph = graphOf(model);
  const constants = new Set(graph.initializer.map(({ name }) => name));
  const inputs = graph.input.filter(({ name }) => !constants.has(name)); // old files list their weights as well
  const input = inputs[0];
  if (input === undefined || inputs.length > 1) {
    throw onnxError(`${shown}: an image classifier has one input, this model has ${inputs.length}.`, {
      expected: 'one input, [N, C, H, W] or [N, H, W, C]',
      received: inputs.map(({ name }) => name ?? '').join(', ') || 'none',
      hint: 'export the model with the image as its only input.',
    });
  }
  const name = input.name ?? '';
  const element = elementOf(input);
  if (NAMES[element] === undefined) {
    throw onnxError(`${shown}: input "${name}" does not take pixels.`, {
      expected: `elements of one of ${Object.values(NAMES).join(', ')}`,
      received: `ONNX element type ${element}`,
    });
  }
  const dims = dimsOf(input) ?? [null, null, null, null];
  if (dims.length !== 4) {
    throw onnxError(`${shown}: input "${name}" does not have the rank of images.`, {
      expected: '4 axes: [N, C, H, W] or [N, H, W, C]',
      received: `[${dims.map((size) => size ?? '?').join(', ')}]`,
      hint: 'export the model without flattening or windowing before it.',
    });
  }
  const { chosen, guessed } = layoutOf(dims, images, layout, `${shown}: input "${name}"`);
  const [height, width, channels] =
    chosen === 'nchw' ? [dims[2], dims[3], dims[1]] : [dims[1], dims[2], dims[3]];
  return {
    name,
    element,
    batch: dims[0]!,
    layout: chosen,
    shape: [height ?? images[0], width ?? images[1], channels ?? images[2]],
    guessed,
  };
}

export const isBytes = ({ element }: ImageInput): boolean => element === ELEMENT.uint8;

type Dims = readonly (number | null)[];

function layoutOf(
  dims: Dims,
  [height, width, channels]: readonly [number, number, number],
  layout: Layout | 'auto',
  where: string,
): { chosen: Layout; guessed: boolean } {
  if (layout !== 'auto') return { chosen: layout, guessed: false };
  const [, a, b, c] = dims as [number | null, number | null, number | null, number | null];
  const fits = (size: number | null, expected: number): boolean => size === null || size === expected;
  const whole: Layout[] = [];
  if (fits(a, channels) && fits(b, height) && fits(c, width)) whole.push('nchw');
  if (fits(a, height) && fits(b, width) && fits(c, channels)) whole.push('nhwc');
  const isColor = (size: number | null): boolean => size === 1 || size === 3;
  const likely: Layout[] = [];
  if (isColor(a)) likely.push('nchw');
  if (isColor(c)) likely.push('nhwc');
  const only = whole.length === 1 ? whole : likely;
  if (only.length === 1) return { chosen: only[0]!, guessed: false };
  if (whole.length === 2 || likely.length === 2) return { chosen: 'nchw', guessed: true };
  throw onnxError(`${where}: neither the second nor the last axis can be color channels.`, {
    expected: '1 or 3 channels',
    received: `[${dims.map((size) => size ?? '?').join(', ')}]`,
    hint:
      'a network of another number of channels needs a dataset whose images have as many; files of images have 1 or 3. ' +
      'Is it read wrongly, set the option layout: nchw or nhwc.',
  });
}
