import { pixelUnit, type HostTensor, type Tree } from '@anc/core';
import { encodeWeightsMetadata } from '@anc/formats';
import { channelsTaken } from '../arrange/input-channels.js';
import { preprocessingOf } from './preprocessing.js';
import { configuredLayers, inputOf } from './topology.js';

/**
 * The metadata that follow from a topology, in the strings of our weights files: the input shape, and the normalization
 * of bytes with which the network begins. If the network reorders its channels, the first kernel in `tensors` is
 * reordered instead. Layers that do anything else are left alone.
 */
export function foldPreprocessing(tensors: Record<string, HostTensor>, topology: unknown): Tree<string> {
  const input = inputOf(topology) ?? undefined;
  const first = configuredLayers(topology).find(({ className }) => className === 'Conv2D')?.name;
  const kernel = Object.keys(tensors).find((name) => `/${name}`.endsWith(`/${first}/kernel`));
  if (kernel === undefined) return encodeWeightsMetadata({ input });
  const channels = tensors[kernel]!.shape[2]!;
  const found = preprocessingOf(topology, channels);
  if (found === null || found.unknown.length > 0) return encodeWeightsMetadata({ input });
  const { order, scale, offset } = found;
  const places = order.map((_, channel) => order.indexOf(channel)); // its place in the network
  if (places.some((place, channel) => place !== channel))
    tensors[kernel] = channelsTaken(tensors[kernel]!, places);
  const mean = places.map((place) => -offset[place]! / scale[place]!);
  const std = places.map((place) => 1 / scale[place]!);
  const unit = pixelUnit(mean, std);
  const forBytes = (values: readonly number[]): number[] => values.map((value) => unit * value + 0); // no -0
  return encodeWeightsMetadata({ input, normalization: { mean: forBytes(mean), std: forBytes(std) } });
}
