import { pixelUnit, type HostTensor, type Tree } from '@anc/core';
import { channelsTaken } from '../input-channels.js';
import { preprocessingOf } from './preprocessing.js';
import { configuredLayers, inputOf } from './topology.js';

/**
 * What a topology says of its network beside its layers, as a file of ours would: its images' shape, and the
 * normalisation that it begins with, for bytes. Where it takes channels in another order, the first kernel of
 * `tensors` is turned instead. Layers that do something else are left alone.
 */
export function foldPreprocessing(tensors: Record<string, HostTensor>, topology: unknown): Tree<string> {
  const input = inputOf(topology);
  const said: Tree<string> = input === null ? {} : { input: JSON.stringify(input) };
  const first = configuredLayers(topology).find(({ className }) => className === 'Conv2D')?.name;
  const kernel = Object.keys(tensors).find((name) => `/${name}`.endsWith(`/${first}/kernel`));
  if (kernel === undefined) return said;
  const channels = tensors[kernel]!.shape[2]!;
  const found = preprocessingOf(topology, channels);
  if (found === null || found.unknown.length > 0) return said;
  const { order, scale, offset } = found;
  const places = order.map((_, channel) => order.indexOf(channel)); // where the network has that channel
  if (places.some((place, channel) => place !== channel))
    tensors[kernel] = channelsTaken(tensors[kernel]!, places);
  const mean = places.map((place) => -offset[place]! / scale[place]!);
  const std = places.map((place) => 1 / scale[place]!);
  const unit = pixelUnit(mean, std);
  const forBytes = (values: readonly number[]): number[] => values.map((value) => unit * value + 0); // no -0
  return { ...said, normalization: JSON.stringify({ mean: forBytes(mean), std: forBytes(std) }) };
}
