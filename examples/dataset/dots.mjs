// A plugin with a dataset: a dot on the left or on the right.
import { AncError, Dataset, definePlugin, PLUGIN_API_VERSION, Rng } from '@anc/core';
import { z } from 'zod';

const SIZE = 8;
const PIXELS = SIZE * SIZE;

export class Dots extends Dataset {
  name = 'dots';
  shape = [SIZE, SIZE, 1];
  classes = ['left', 'right'];

  constructor({ count }, seed) {
    super();
    this.count = count;
    this.rng = Rng.fromSeed(seed).split('dots');
  }

  async split(name) {
    const { count, rng, shape } = this;
    return {
      images: {
        count,
        shape,
        fingerprint: `dots ${name} ${count}`, // changes when the images do
        read(indices, out) {
          indices.forEach((index, i) => {
            if (!(index >= 0 && index < count))
              throw new AncError('ANC_DATA_INDEX', `dots has no image ${index}.`, {
                expected: `0 to ${count - 1}`,
              });
            const own = rng.split(name, index);
            const image = out.subarray(i * PIXELS, (i + 1) * PIXELS).fill(20);
            image[own.int(SIZE) * SIZE + own.int(SIZE / 2) + (index % 2) * (SIZE / 2)] = 200 + own.int(56);
          });
        },
      },
      labels: async () => Int32Array.from({ length: count }, (_, index) => index % 2),
    };
  }
}

export default definePlugin({
  name: 'anc-plugin-dots',
  apiVersion: PLUGIN_API_VERSION,
  datasets: {
    dots: {
      summary: 'a dot on the left or on the right',
      generated: true,
      options: z.strictObject({ count: z.int().min(2).default(100).describe('images per split') }),
      create: (options, { seed }) => new Dots(options, seed),
    },
  },
});
