import { AncError, type FixedNormalization, type ModelEnvironment } from '@anc/core';
import { pixelUnit } from '@anc/core/internal';
import { datasetFacts, type ChannelNormalization } from '@anc/datasets/facts';
import { TORCH_NAME_MAPS } from '@anc/models';
import type { Named } from '../text/named.js';
import { suggestion } from '../text/nearest.js';

/** Means and deviations of pixels in 0..1, one per channel of a color image. */
const NAMED: Readonly<Record<string, ChannelNormalization>> = {
  none: { mean: [0], std: [1 / 255] },
  unit: { mean: [0], std: [1] },
  signed: { mean: [0.5], std: [0.5] },
  imagenet: datasetFacts.imagenet.normalization,
  cifar10: datasetFacts.cifar10.normalization,
  cifar100: datasetFacts.cifar100.normalization,
  svhn: datasetFacts.svhn.normalization,
  mnist: datasetFacts.mnist.normalization,
  'fashion-mnist': datasetFacts['fashion-mnist'].normalization,
};

/**
 * What `--preprocessing` says, for bytes (0..255). Numbers are of pixels in 0..1 as in torchvision's `Normalize`, and
 * of bytes where any of them is above 2. One number stands for all channels. Throws `ANC_NORMALIZE`.
 */
export function parsePreprocessing(text: string, channels: number): FixedNormalization {
  const named = NAMED[text.trim().toLowerCase()];
  if (named !== undefined) return forBytes(text, named.mean, named.std, channels, 255);
  const words = text.replace(/\b(?:mean|std)\s*=/gi, ' ').split(/[\s,/()[\]]+/);
  const numbers = words.filter((word) => word !== '').map(Number);
  const half = numbers.length / 2;
  if (half === 0 || !Number.isInteger(half) || !numbers.every(Number.isFinite)) throw unreadable(text);
  const [mean, std] = [numbers.slice(0, half), numbers.slice(half)];
  return forBytes(text, mean, std, channels, pixelUnit(mean, std));
}

function forBytes(
  text: string,
  mean: readonly number[],
  std: readonly number[],
  channels: number,
  unit: number,
): FixedNormalization {
  if (!std.every((s) => s > 0)) throw unreadable(text);
  if (![1, channels].includes(mean.length)) {
    throw new AncError('ANC_NORMALIZE', 'the normalization is of other images.', {
      expected: `a mean and a deviation for ${channels === 1 ? 'one channel' : `one channel or for ${channels}`}`,
      received: `${text}, for ${mean.length}`,
    });
  }
  const each = (values: readonly number[]): number[] =>
    Array.from({ length: channels }, (_, c) => unit * values[c % values.length]!);
  return { mean: each(mean), std: each(std) };
}

/**
 * How networks of a published kind are commonly prepared, where nothing says it of this one: checkpoints whose tensors
 * networks of torchvision and timm have, for images of three channels. Null for any other.
 */
export function commonNormalization({
  map,
  model,
  environment,
}: {
  readonly map: string | null;
  readonly model: Named;
  readonly environment: ModelEnvironment;
}): { readonly normalization: FixedNormalization; readonly why: string } | null {
  const channels = environment.input[2];
  if (map === null || !Object.hasOwn(TORCH_NAME_MAPS, map) || channels !== 3) return null;
  const [name, whose] = usualOf(map, model);
  return {
    normalization: parsePreprocessing(name, channels),
    why:
      `nothing says how its images are normalized; ${whose} mean and deviation are taken, which checkpoints of ` +
      'these networks commonly use. Set another with --preprocessing.',
  };
}

/** The usual preprocessing by name, and whose it is; TensorFlow's weights of EfficientNet-Lite take -1 to 1. */
function usualOf(map: string, { name, options }: Named): readonly [string, string] {
  if (map === 'pytorch-cifar') return ['cifar10', "CIFAR-10's"];
  return name === 'efficientnet-lite0' && options['padding'] !== 'both'
    ? ['signed', "TensorFlow's"]
    : ['imagenet', "ImageNet's"];
}

function unreadable(text: string): AncError {
  const names = Object.keys(NAMED);
  const hint = suggestion(text, names);
  return new AncError('ANC_NORMALIZE', 'not a way to normalize images.', {
    expected: `one of ${names.join(', ')}, or mean/std of each channel (std above 0), e.g. 0.5,0.5,0.5/0.25,0.25,0.25`,
    received: text,
    ...(hint === null ? {} : { hint }),
  });
}
