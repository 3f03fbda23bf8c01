/** A dataset whose only file is fetched from a server of this test: `ANC_KILL_SERVER` is its address. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AncError, Dataset, definePlugin, PLUGIN_API_VERSION } from '@anc/core';
import { MemoryImages, searchPlaces } from '@anc/datasets';
import { z } from 'zod';

const COUNT = 1024;
const SHAPE = [32, 32, 1];
const NAME = 'pixels.bin';

/** The published file: one image after the other. */
export const CONTENT = Buffer.from(
  Uint8Array.from({ length: COUNT * 32 * 32 }, (_, i) => (i * 31) ^ (i >> 8)),
);

class Pixels extends Dataset {
  name = 'served-pixels';
  classes = ['even', 'odd'];
  shape = SHAPE;
  #dataDir;

  constructor(dataDir) {
    super();
    this.#dataDir = dataDir;
  }

  async split() {
    const images = await this.#read();
    return {
      images: new MemoryImages(images, SHAPE),
      labels: () => Promise.resolve(Int32Array.from({ length: COUNT }, (_, i) => i % 2)),
    };
  }

  async #read() {
    for (const place of searchPlaces(this.#dataDir, [this.name])) {
      const content = await readFile(join(place, NAME)).catch(() => null);
      if (content?.equals(CONTENT) === true) return new Uint8Array(content);
      if (content !== null) throw new AncError('ANC_DATA_CORRUPT', `${join(place, NAME)} is damaged.`);
    }
    throw new AncError('ANC_DATA_MISSING', `${NAME} is missing.`);
  }
}

export default definePlugin({
  name: 'anc-dataset-served-pixels',
  apiVersion: PLUGIN_API_VERSION,
  datasets: {
    'served-pixels': {
      summary: 'numbers from a server of the kill test',
      options: z.strictObject({}),
      files: () => [
        {
          name: NAME,
          urls: [`${process.env.ANC_KILL_SERVER}/${NAME}`],
          md5: createHash('md5').update(CONTENT).digest('hex'),
          mostBytes: 2 * CONTENT.length,
        },
      ],
      create: (_, { dataDir }) => new Pixels(dataDir),
    },
  },
});
