import { definePlugin, PLUGIN_API_VERSION, type ImageAugmentation } from '@anc/core';
import { z } from 'zod';

const options = z.strictObject({
  most: z.number().min(0).max(1).default(0.5).describe('densest fog'),
});

/** What is drawn for an image: JSON data. */
interface Fog {
  readonly density: number;
}

/** Moves all pixels of an image [H, W, C] towards white. */
export function createMyComponentAugmentation({ most }: z.output<typeof options>): ImageAugmentation<Fog> {
  return {
    id: `my-component(most=${most})`, // contains every option: part of the teacher cache's key
    draw: (rng) => ({ density: most * rng.uniform() }),
    apply(image, { density }, out) {
      for (const [i, byte] of image.entries()) out[i] = byte + density * (255 - byte);
    },
  };
}

export default definePlugin({
  name: 'anc-plugin-my-component',
  apiVersion: PLUGIN_API_VERSION,
  augmentations: {
    'my-component': {
      summary: 'moves all pixels towards white',
      options,
      create: (given: z.output<typeof options>) => createMyComponentAugmentation(given),
    },
  },
});
