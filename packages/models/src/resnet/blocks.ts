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

/** What the blocks of one network share. */
export interface BlockStyle {
  /** `v1`: ReLU after the sum (He et al. 2015); `v2`: batch norm and ReLU before the convolutions (2016). */
  readonly variant: 'v1' | 'v2';
  readonly block: 'basic' | 'bottleneck';
  /** Biases on convolutions that no batch norm follows directly, or on all. */
  readonly bias: boolean | 'all';
  /** The convolution of a bottleneck that moves by the stride. */
  readonly strideOn: '3x3' | '1x1';
  /** Share of the old running average that stays at every step. */
  readonly momentum: number;
  readonly initializer: Initializer;
}

/** One block's place in the network. */
export interface BlockPlace {
  readonly name: string;
  readonly input: number;
  /** Width of the 3×3 convolution. */
  readonly width: number;
  readonly stride: number;
  /** How the shortcut changes width: zero channels around, or a 1×1 convolution (also at equal widths). */
  readonly shortcut: 'pad' | 'projection';
}

/** A bottleneck block gives four times the width of its 3×3 convolution. */
export const outputWidth = (block: BlockStyle['block'], width: number): number =>
  block === 'basic' ? width : 4 * width;

/** A square convolution padded by half its size on every side: TensorFlow's `same` where the stride is 1. */
export function convolution(
  name: string,
  size: number,
  filters: number,
  stride: number,
  bias: boolean,
  initializer: Initializer,
): Layer {
  const padding = stride === 1 ? 'same' : (size - 1) / 2;
  return conv2d(name, { kernelSize: size, filters, stride, padding, bias, initializer });
}

/** Whether a convolution has a bias, given whether batch norm follows it directly. */
export const isBiased = ({ bias }: BlockStyle, normed: boolean): boolean =>
  bias === 'all' || (bias && !normed);

/** The convolutions of a block: [size, filters, stride] each. */
function plan({ block, strideOn }: BlockStyle, width: number, stride: number): [number, number, number][] {
  if (block === 'basic') {
    return [
      [3, width, stride],
      [3, width, 1],
    ];
  }
  const early = strideOn === '1x1';
  return [
    [1, width, early ? stride : 1],
    [3, width, early ? 1 : stride],
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
  const branch = convolutions.flatMap(([size, filters, step], i) => [
    convolution(`conv${i + 1}`, size, filters, step, bias, initializer),
    batchNorm(`norm${i + 1}`, { momentum }),
    ...(i < convolutions.length - 1 ? [relu(`relu${i + 1}`)] : []),
  ]);
  const projection = [
    convolution('shortcut', 1, output, stride, bias, initializer),
    batchNorm('shortcut-norm', { momentum }),
  ];
  const way = shortcut === 'projection' ? projection : parameterFree(input, output, stride);
  return residual(name, { branch, shortcut: way, after: [relu()] });
}

function blockV2(style: BlockStyle, { name, input, width, stride, shortcut }: BlockPlace): Layer {
  const { block, momentum, initializer } = style;
  const output = outputWidth(block, width);
  const convolutions = plan(style, width, stride);
  const [before, ...branch] = convolutions.map(([size, filters, step], i): Layer[] => {
    const last = i === convolutions.length - 1; // followed by the sum
    const conv = convolution(`conv${i + 1}`, size, filters, step, isBiased(style, !last), initializer);
    return [batchNorm(`norm${i + 1}`, { momentum }), relu(`relu${i + 1}`), conv];
  }) as [Layer[], ...Layer[][]];
  if (shortcut === 'pad') {
    return residual(name, {
      branch: [before, ...branch].flat(),
      shortcut: parameterFree(input, output, stride),
    });
  }
  const [norm, activation, first] = before as [Layer, Layer, Layer]; // a projection sees what the branch sees
  const projection = convolution('shortcut', 1, output, stride, isBiased(style, false), initializer);
  return residual(name, {
    before: [norm, activation],
    branch: [first, ...branch.flat()],
    shortcut: [projection],
  });
}

/** Every `stride`-th pixel, zero channels around: option A of He et al. 2015. */
function parameterFree(input: number, output: number, stride: number): Layer[] {
  return [
    ...(stride === 1 ? [] : [avgPool('subsample', { kernelSize: 1, stride })]),
    ...(input === output ? [] : [padChannels('pad', output)]),
  ];
}
