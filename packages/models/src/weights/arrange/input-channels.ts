import { AncError, type HostTensor, type Variables } from '@anc/core';
import type { LazyTensor } from '@anc/formats';

/** The kernel [H, W, I, O] whose input channel i is channel `places[i]` of the given one. */
export function channelsTaken({ shape, data }: HostTensor, places: readonly number[]): HostTensor {
  const [height, width, channels, filters] = shape as [number, number, number, number];
  const reordered = new Float32Array(data.length);
  for (let pixel = 0; pixel < height * width; pixel++) {
    for (const [channel, place] of places.entries()) {
      const from = (pixel * channels + place) * filters;
      reordered.set(data.subarray(from, from + filters), (pixel * channels + channel) * filters);
    }
  }
  return { shape, data: reordered };
}

/**
 * Converts a network that was trained on BGR images to RGB: the input channels of its first kernel [H, W, I, O] are
 * reversed.
 * @throws `ANC_WEIGHTS` if the first kernel does not have three input channels
 */
export function withChannelsReversed(variables: Variables<LazyTensor>): Variables<LazyTensor> {
  const [name, kernel] = Object.entries(variables.params).find(([, { shape }]) => shape.length === 4) ?? [];
  if (name === undefined || kernel?.shape[2] !== 3) {
    throw new AncError(
      'ANC_WEIGHTS',
      'the network does not take color images, so its channels cannot be reversed.',
      {
        expected: 'a first kernel of three channels',
        received: kernel === undefined ? 'none' : `${name} [${kernel.shape.join(', ')}]`,
      },
    );
  }
  const reversed: LazyTensor = { ...kernel, load: () => channelsTaken(kernel.load(), [2, 1, 0]) };
  return { ...variables, params: { ...variables.params, [name]: reversed } };
}
