import {
  batchNorm,
  conv2d,
  depthwiseConv2d,
  residual,
  sequential,
  type Initializer,
  type Layer,
  type Padding,
} from '@anc/core';

/** What the convolutions of a network have in common. */
export interface MobileStyle {
  readonly initializer: Initializer;
  /** Options of every batch norm. */
  readonly norm: { readonly momentum: number; readonly epsilon: number };
  /** Padding of windows with stride 2: on both sides as in PyTorch, or as TensorFlow's `same`. */
  readonly padding: 'both' | 'same';
}

/** Makes a layer under a name: a container numbers its layers. */
export type Named = (name: string) => Layer;

/** Layers under the names `0`, `1`, …, as PyTorch numbers them in a `Sequential`. */
export const numbered = (name: string, layers: readonly Named[]): Layer =>
  sequential(
    name,
    layers.map((make, i) => make(`${i}`)),
  );

const paddingOf = ({ padding }: MobileStyle, kernelSize: number, stride: number): Padding =>
  stride === 1 || padding === 'same' ? 'same' : (kernelSize - 1) / 2;

/** A convolution without bias, before batch norm. */
export const convolution =
  (style: MobileStyle, filters: number, kernelSize = 1, stride = 1): Named =>
  (name) =>
    conv2d(name, {
      kernelSize,
      filters,
      stride,
      padding: paddingOf(style, kernelSize, stride),
      bias: false,
      initializer: style.initializer,
    });

/** A depthwise convolution without bias, before batch norm. */
export const depthwise =
  (style: MobileStyle, kernelSize: number, stride: number): Named =>
  (name) =>
    depthwiseConv2d(name, {
      kernelSize,
      stride,
      padding: paddingOf(style, kernelSize, stride),
      bias: false,
      initializer: style.initializer,
    });

/** Batch norm. */
export const norm =
  ({ norm: options }: MobileStyle): Named =>
  (name) =>
    batchNorm(name, options);

/** torchvision's `Conv2dNormActivation`: convolution `0`, batch norm `1`, and an activation where there is one. */
export const normed =
  (style: MobileStyle, layer: Named, activation?: Named): Named =>
  (name) =>
    numbered(name, [layer, norm(style), ...(activation === undefined ? [] : [activation])]);

/** A branch, added to its input where it keeps the shape (Sandler et al. 2018). */
export const inverted = (name: string, branch: readonly Layer[], keepsShape: boolean): Layer =>
  keepsShape ? residual(name, { branch }) : sequential(name, branch);

/** Images of at least this side are halved by the first convolution. */
const LARGE = 64;

/** Whether images are large enough to be halved before the first block. */
export const isLarge = ([height, width]: readonly number[]): boolean => Math.min(height!, width!) >= LARGE;
