import type { GraphNode, Recorded } from '../graph-model/node.js';
import { constantOf, inexpressible, LOWEST, type Assembly, type Converter } from './assembly.js';
import { integersOf, textOf } from './attributes.js';
import type { KerasModelLayer } from '@anc/formats';

/** Padding: rows above and below, columns left and right. */
type Around = readonly [top: number, bottom: number, left: number, right: number];

/** Height and width of an attribute that has a number for every axis. */
const inner = (values: readonly number[]): number[] => values.slice(1, 3);

/** Zero padding around an image, which differs from Keras's `same` for strides greater than one. */
function zeros(model: Assembly, x: KerasModelLayer, [top, bottom, left, right]: Around): KerasModelLayer {
  const [height, width, channels] = x.shape as [number, number, number];
  if (top + bottom + left + right === 0) return x;
  return model.layer({
    className: 'ZeroPadding2D',
    inputs: [x],
    shape: [height + top + bottom, width + left + right, channels],
    config: {
      padding: [
        [top, bottom],
        [left, right],
      ],
    },
  });
}

/** Convolutions. Explicit padding becomes a layer of its own. */
export const convolution =
  (className: 'Conv2D' | 'DepthwiseConv2D'): Converter =>
  (node, [, ...shape], model) => {
    const [x, filter] = node.inputs as [Recorded, Recorded];
    const [height, width, , last] = filter.shape as [number, number, number, number];
    const explicit = textOf(node, 'padding') === 'EXPLICIT';
    const image = model.of(x);
    return model.layer({
      className,
      inputs: [
        explicit
          ? zeros(model, image, integersOf(node, 'explicit_paddings').slice(2, 6) as unknown as Around)
          : image,
      ],
      shape,
      variables: [filter],
      config: {
        ...(className === 'Conv2D' ? { filters: last } : { depth_multiplier: last }),
        kernel_size: [height, width],
        strides: inner(integersOf(node, 'strides')),
        dilation_rate: inner(integersOf(node, 'dilations')),
        padding: explicit ? 'valid' : textOf(node, 'padding').toLowerCase(),
        use_bias: false,
      },
    });
  };

/** Zero padding of an image, of its channels, or both. */
export const padding: Converter = (node, shape, model) => {
  const [x, amounts, value] = node.inputs as [Recorded, Recorded, Recorded];
  const [batch, height, width, channels] = pairs([...(constantOf(amounts)?.values ?? [])]);
  if (shape.length !== 4 || batch!.some(Boolean))
    throw inexpressible('padding of a tensor that is not an image');
  if (constantOf(value)?.values[0] !== 0) {
    return { ...model.of(x), className: LOWEST, inputs: [model.of(x)], variables: [] };
  }
  const padded = zeros(model, model.of(x), [...height!, ...width!]);
  return channels!.some(Boolean) ? channelZeros(model, padded, channels!) : padded;
};

/** Pads channels: they are swapped with the columns, for which there is a padding layer. */
function channelZeros(
  model: Assembly,
  x: KerasModelLayer,
  [front, behind]: readonly [number, number],
): KerasModelLayer {
  const [height, width, channels] = x.shape as [number, number, number];
  const padded = zeros(model, swapped(model, x, [height, channels, width]), [0, 0, front, behind]);
  return swapped(model, padded, [height, width, channels + front + behind]);
}

/** A part of an image's channels, which are swapped with the columns: there is a cropping layer for these. */
export const slice: Converter = (node, [, ...shape], model) => {
  const [x, begin] = node.inputs as [Recorded, Recorded];
  const image = model.of(x);
  const [first, top, left, front] = constantOf(begin)?.values ?? [];
  const [height, width, channels] = image.shape as [number, number, number];
  const isWhole = first === 0 && top === 0 && left === 0 && shape[0] === height && shape[1] === width;
  if (shape.length !== 3 || !isWhole)
    throw inexpressible('a part of an image that is not a range of channels');
  const behind = channels - front! - shape[2]!;
  const cropped = model.layer({
    className: 'Cropping2D',
    inputs: [swapped(model, image, [height, channels, width])],
    shape: [height, shape[2]!, width],
    config: {
      cropping: [
        [0, 0],
        [front!, behind],
      ],
    },
  });
  return swapped(model, cropped, shape);
};

/** Swaps channels and columns. */
const swapped = (model: Assembly, x: KerasModelLayer, shape: readonly number[]): KerasModelLayer =>
  model.layer({ className: 'Permute', inputs: [x], shape, config: { dims: [1, 3, 2] } });

/** Pooling. Around the output of a ReLU, zeros are as good as the lowest values. */
export const pooling =
  (className: 'MaxPooling2D' | 'AveragePooling2D'): Converter =>
  (node, [, ...shape], model) => {
    const given = model.of(node.inputs[0]!);
    const size = inner(integersOf(node, 'ksize'));
    const strides = inner(integersOf(node, 'strides'));
    const same = textOf(node, 'padding').toLowerCase();
    const pool = (x: KerasModelLayer, own: object): KerasModelLayer =>
      model.layer({
        className,
        inputs: [x],
        shape,
        config: { pool_size: size, strides, padding: same, ...own },
      });
    if (given.className !== LOWEST) return pool(given, {});
    const [x] = given.inputs as [KerasModelLayer];
    const around = aroundOf(node.inputs[0]!);
    if (x.className === 'ReLU') return pool(zeros(model, x, around), {});
    const half = size.map((side) => (side - 1) / 2);
    const centered = half.flatMap((side) => [side, side]).every((side, i) => side === around[i]);
    if (!centered) throw inexpressible(`pooling of ${size.join(' × ')} with padding ${around.join(', ')}`);
    // With stride one, `same` centers the window; every `stride`-th result is kept.
    const dense = pool(x, { strides: [1, 1], padding: 'same' });
    return pool({ ...dense, shape: x.shape }, { pool_size: [1, 1], padding: 'valid' });
  };

const aroundOf = ({ source }: Recorded): Around => {
  const amounts = constantOf((source as GraphNode).inputs[1]!)!.values;
  return [...amounts].slice(2, 6) as unknown as Around;
};

const pairs = (values: readonly number[]): (readonly [number, number])[] =>
  Array.from({ length: values.length / 2 }, (_, i) => [values[2 * i]!, values[2 * i + 1]!] as const);
