import { AncError, type HostTensor, type Variables } from '@anc/core';
import type { LazyTensor } from '@anc/formats';

/** A kernel [H, W, I, O] whose input channels are those at `places`. */
export function channelsTaken({ shape, data }: HostTensor, places: readonly number[]): HostTensor {
  const [height, width, channels, filters] = shape as [number, number, number, number];
  const turned = new Float32Array(data.length);
  for (let pixel = 0; pixel < height * width; pixel++) {
    for (const [channel, place] of places.entries()) {
      const from = (pixel * channels + place) * filters;
      turned.set(data.subarray(from, from + filters), (pixel * channels + channel) * filters);
    }
  }
  return { shape, data: turned };
}

/**
 * The variables of a network that was trained on images with their channels the other way round (blue first), for images
 * as they are: its first kernel [H, W, I, O] is turned. Throws `ANC_WEIGHTS` where the network has no kernel of three.
 */
export function withChannelsReversed(variables: Variables<LazyTensor>): Variables<LazyTensor> {
  const [name, kernel] = Object.entries(variables.params).find(([, { shape }]) => shape.length === 4) ?? [];
  if (name === undefined || kernel?.shape[2] !== 3) {
    throw new AncError('ANC_WEIGHTS', 'the network does not see colours, whose order could be another.', {
      expected: 'a first kernel of three channels',
      received: kernel === undefined ? 'none' : `${name} [${kernel.shape.join(', ')}]`,
    });
  }
  const turned: LazyTensor = { ...kernel, load: () => channelsTaken(kernel.load(), [2, 1, 0]) };
  return { ...variables, params: { ...variables.params, [name]: turned } };
}
