import {
  AncError,
  Dataset,
  definePlugin,
  PLUGIN_API_VERSION,
  Rng,
  type DatasetSplit,
  type SplitName,
} from '@anc/core';
import { z } from 'zod';

const options = z.strictObject({
  train: z.number().int().min(1).default(512).describe('training images'),
  test: z.number().int().min(1).default(128).describe('test images'),
});

const SIZE = 16;
const PIXELS = SIZE * SIZE;

/** Generated images [16, 16, 1]: a bright square on the left or on the right. */
export class MyComponentDataset extends Dataset {
  readonly name = 'my-component';
  readonly shape = [SIZE, SIZE, 1] as const;
  readonly classes = ['left', 'right'];
  readonly #counts: Readonly<Record<SplitName, number>>;
  readonly #rng: Rng;

  /** @param seed of everything that is drawn: the same seed gives the same images. */
  constructor({ train, test }: z.output<typeof options>, seed: number) {
    super();
    this.#counts = { train, test };
    this.#rng = Rng.fromSeed(seed).split('my-component');
  }

  split(name: SplitName): Promise<DatasetSplit> {
    const count = this.#counts[name];
    return Promise.resolve({
      images: {
        count,
        shape: this.shape,
        fingerprint: `my-component ${name} ${count}`, // changes when the images do
        read: (indices, out) => {
          for (const [i, index] of indices.entries()) {
            if (!(index >= 0 && index < count)) {
              throw new AncError('ANC_DATA_INDEX', `my-component has no ${name} image ${index}.`, {
                expected: `0 to ${count - 1}`,
              });
            }
            this.#draw(name, index, out.subarray(i * PIXELS, (i + 1) * PIXELS));
          }
        },
      },
      labels: () => Promise.resolve(Int32Array.from({ length: count }, (_, index) => index % 2)),
    });
  }

  /** Writes every byte of an image. */
  #draw(split: SplitName, index: number, out: Uint8Array): void {
    const rng = this.#rng.split(split, index);
    const [top, left] = [rng.int(SIZE - 4), rng.int(SIZE / 2 - 4) + (index % 2) * (SIZE / 2)];
    for (let at = 0; at < PIXELS; at++) {
      const [row, column] = [Math.floor(at / SIZE) - top, (at % SIZE) - left];
      out[at] = row >= 0 && row < 4 && column >= 0 && column < 4 ? 200 + rng.int(56) : rng.int(64);
    }
  }
}

export default definePlugin({
  name: 'anc-plugin-my-component',
  apiVersion: PLUGIN_API_VERSION,
  datasets: {
    'my-component': {
      summary: 'a bright square on the left or on the right',
      generated: true, // reads no files: remove it where `dataDir` is read
      options,
      create: (given: z.output<typeof options>, { seed }) => new MyComponentDataset(given, seed),
    },
  },
});
