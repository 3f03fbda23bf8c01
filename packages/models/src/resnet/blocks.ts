import {
  avgPool,
  batchNorm,
  conv2d,
  padChannels,
  relu,
  residual,
  type Initializer,
  type Layer,
} from '@anc/core';

/** Properties that the blocks of a network share. */
export interface BlockStyle {
  /** `v1`: ReLU after the sum (He et al. 2015); `v2`: batch norm and ReLU before the convolutions (2016). */
  readonly variant: 'v1' | 'v2';
  readonly block: 'basic' | 'bottleneck';
  /** Biases on convolutions that are not followed by batch norm directly, or on all. */
  readonly bias: boolean | 'all';
  /** The convolution of a bottleneck that has the stride. */
  readonly strideOn: '3x3' | '1x1';
  /** Fraction of the running average that is kept at each step. */
  readonly momentum: number;
  readonly initializer: Initializer;
}

/** Properties of one block. */
export interface BlockPlace {
  readonly name: string;
  readonly input: number;
  /** Width of the 3×3 convolution. */
  readonly width: number;
  readonly stride: number;
  /** Kind of shortcut: identity with zero channels, or a 1×1 convolution (even at equal widths). */
  readonly shortcut: 'pad' | 'projection';
}

/** Width of a block's output: a bottleneck has four times the width of its 3×3 convolution. */
export const outputWidth = (block: BlockStyle['block'], width: number): number =>
  block === 'basic' ? width : 4 * width;

/** A convolution padded by half its kernel size on every side, which equals TensorFlow's `same` at stride 1. */
export function convolution(
  name: string,
  kernelSize: number,
  filters: number,
  stride: number,
  bias: boolean,
  initializer: Initializer,
): Layer {
  const padding = stride === 1 ? 'same' : (kernelSize - 1) / 2;
  return conv2d(name, { kernelSize, filters, stride, padding, bias, initializer });
}

/** Whether a convolution has a bias, given whether batch norm follows it directly. */
export const isBiased = ({ bias }: BlockStyle, normed: boolean): boolean =>
  bias === 'all' || (bias && !normed);

/** The convolutions of a block: [kernel size, filters, stride] each. */
function plan({ block, strideOn }: BlockStyle, width: number, stride: number): [number, number, number][] {
  if (block === 'basic') {
    return [
      [3, width, stride],
      [3, width, 1],
    ];
  }
  const isFirst = strideOn === '1x1';
  return [
    [1, width, isFirst ? stride : 1],
    [3, width, isFirst ? 1 : stride],
    [1, 4 * width, 1],
  ];
}

/** One residual block: [B, H, W, input] -> [B, H / stride, W / stride, outputWidth]. */
export function residualBlock(style: BlockStyle, place: BlockPlace): Layer {
  return style.variant === 'v1' ? blockV1(style, place) : blockV2(style, place);
}

function blockV1(style: BlockStyle, { name, input, width, stride, shortcut }: BlockPlace): Layer {
  const { block, momentum, initializer } = style;
  const output = outputWidth(block, width);
  const convolutions = plan(style, width, stride);
  const bias = isBiased(style, true);
  const branch = convolutions.flatMap(([kernelSize, filters, step], i) => [
    convolution(`conv${i + 1}`, kernelSize, filters, step, bias, initializer),
    batchNorm(`norm${i + 1}`, { momentum }),
    ...(i < convolutions.length - 1 ? [relu(`relu${i + 1}`)] : []),
  ]);
  const projection = [
    convolution('shortcut', 1, output, stride, bias, initializer),
    batchNorm('shortcut-norm', { momentum }),
  ];
  const path = shortcut === 'projection' ? projection : parameterFree(input, output, stride);
  return residual(name, { branch, shortcut: path, after: [relu()] });
}

function blockV2(style: BlockStyle, { name, input, width, stride, shortcut }: BlockPlace): Layer {
  const { block, momentum, initializer } = style;
  const output = outputWidth(block, width);
  const convolutions = plan(style, width, stride);
  const [before, ...branch] = convolutions.map(([kernelSize, filters, step], i): Layer[] => {
    const last = i === convolutions.length - 1; // followed by the sum
    const conv = convolution(`conv${i + 1}`, kernelSize, filters, step, isBiased(style, !last), initializer);
    return [batchNorm(`norm${i + 1}`, { momentum }), relu(`relu${i + 1}`), conv];
  }) as [Layer[], ...Layer[][]];
  if (shortcut === 'pad') {
    return residual(name, {
      branch: [before, ...branch].flat(),
      shortcut: parameterFree(input, output, stride),
    });
  }
  const [norm, activation, first] = before as [Layer, Layer, Layer]; // a projection has the same input as the branch
  const projection = convolution('shortcut', 1, output, stride, isBiased(style, false), initializer);
  return residual(name, {
    before: [norm, activation],
    branch: [first, ...branch.flat()],
    shortcut: [projection],
  });
}

/** Every `stride`-th pixel, padded by zero channels: option A of He et al. 2015. */
function parameterFree(input: number, output: number, stride: number): Layer[] {
  return [
    ...(stride === 1 ? [] : [avgPool('subsample', { kernelSize: 1, stride })]),
    ...(input === output ? [] : [padChannels('pad', output)]),
  ];
}
