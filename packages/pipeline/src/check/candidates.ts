import type { FixedNormalization, Normalization } from '@anc/core';
import { datasetFacts, imagenetByteNormalizations, type ChannelNormalization } from '@anc/datasets/facts';

export type ColorOrder = 'rgb' | 'bgr' | 'grey';

/** One way in which a classifier may expect its images. */
export interface Preprocessing {
  readonly name: string;
  /** For bytes, in the order of the classifier's channels. */
  readonly normalization: Normalization;
  /** The axes of what the classifier takes; `own` where it is known. */
  readonly layout: 'own' | 'nchw' | 'nhwc';
  readonly order: ColorOrder;
}

/** The name of the preprocessing in use: what a teacher's file, or the caller, says. */
export const OWN = 'as it is given';

const CHANNELS = 3;

const color = ({ mean, std }: ChannelNormalization, scale: number): FixedNormalization => ({
  mean: Array.from({ length: CHANNELS }, (_, c) => scale * mean[c % mean.length]!),
  std: Array.from({ length: CHANNELS }, (_, c) => scale * std[c % std.length]!),
});
const grey = ({ mean, std }: FixedNormalization): FixedNormalization => ({
  mean: [mean.reduce((a, b) => a + b) / mean.length],
  std: [std.reduce((a, b) => a + b) / std.length],
});

/** The common ways of preparing pixels, for bytes; of gray images those of color are averaged. */
export function commonNormalizations(channels: number): Readonly<Record<string, FixedNormalization>> {
  const of = (name: keyof typeof datasetFacts): FixedNormalization =>
    color(datasetFacts[name].normalization, 255);
  const any = {
    '0 to 1': color({ mean: [0], std: [255] }, 1),
    '0 to 255': color({ mean: [0], std: [1] }, 1),
    '-1 to 1': color({ mean: [127.5], std: [127.5] }, 1),
    'ImageNet mean/std': imagenetByteNormalizations.torchvision,
    'ImageNet mean off': imagenetByteNormalizations.caffe,
    'MNIST mean/std': of('mnist'),
  };
  const ofColor = {
    'CIFAR-10 mean/std': of('cifar10'),
    'CIFAR-100 mean/std': of('cifar100'),
    'SVHN mean/std': of('svhn'),
  };
  const ofGrey = { 'Fashion-MNIST mean/std': of('fashion-mnist') };
  const all = channels === CHANNELS ? { ...any, ...ofColor } : { ...any, ...ofGrey };
  if (channels === CHANNELS) return all;
  return Object.fromEntries(Object.entries(all).map(([name, fixed]) => [name, grey(fixed)]));
}

/** Normalizations under each layout and order of colors that is possible. */
export function preprocessingCandidates(
  normalizations: Readonly<Record<string, Normalization>>,
  layouts: readonly Preprocessing['layout'][],
  orders: readonly ColorOrder[],
): Preprocessing[] {
  return layouts.flatMap((layout) =>
    orders.flatMap((order) =>
      Object.entries(normalizations).map(([name, normalization]) => ({
        name,
        normalization: order === 'bgr' ? reversed(normalization) : normalization,
        layout,
        order,
      })),
    ),
  );
}

/** Statistics per channel in the opposite order. */
const reversed = (normalization: Normalization): Normalization =>
  normalization === 'per-image' || normalization.mean.length !== CHANNELS
    ? normalization
    : { mean: normalization.mean.toReversed(), std: normalization.std.toReversed() };

/** Whether two normalizations give nearly the same numbers for every byte. */
export function nearlySame(a: Normalization, b: Normalization): boolean {
  if (a === 'per-image' || b === 'per-image' || a.mean.length !== b.mean.length) return a === b;
  const at = ({ mean, std }: FixedNormalization, byte: number, c: number): number =>
    (byte - mean[c]!) / std[c % std.length]!;
  return a.mean.every((_, c) =>
    [0, 255].every(
      (byte) => Math.abs(at(a, byte, c) - at(b, byte, c)) < 0.02 * (1 + Math.abs(at(a, byte, c))),
    ),
  );
}

/** `RGB, 0 to 1`. */
export const describePreprocessing = ({ name, order, layout }: Preprocessing): string =>
  [order === 'grey' ? null : order.toUpperCase(), name, layout === 'own' ? null : layout.toUpperCase()]
    .filter((part) => part !== null)
    .join(', ');
