import { Dataset, type DatasetSplit, type SplitName } from '@anc/core';
import type { z } from 'zod';
import { missing } from '../files/data-error.js';
import { DecodedImages } from '../image-folder/decoded-images.js';
import { checkedLabels } from '../images/labels.js';
import { searchPlaces } from '../files/locate.js';
import { imagenetOptions } from '../options.js';
import { folderLayout } from './folder-layout.js';
import type { Layout } from './layout.js';
import { parquetLayout } from './parquet-layout.js';
import { tarLayout } from './tar-layout.js';

const FORMS = [
  'train/<wnid>/*.JPEG and val/<wnid>/*.JPEG',
  'ILSVRC2012_img_train.tar, ILSVRC2012_img_val.tar and ILSVRC2012_devkit_t12.tar.gz',
  'train-*.parquet and validation-*.parquet',
];

/**
 * ImageNet (ILSVRC 2012), the validation set as the test split: as class folders, as the official archives or as
 * parquet shards, whichever is found first. Archives and shards are read in place. Classes are the thousand of
 * `imagenet_class_index.json` where that lies beside them; else those of the folders, the development kit or the
 * shards.
 */
export class ImageNet extends Dataset {
  readonly name = 'imagenet';
  readonly classes: readonly string[];
  readonly shape: readonly [number, number, number];
  readonly #layout: Layout;
  readonly #options: z.output<typeof imagenetOptions>;
  readonly #seed: number;

  private constructor(layout: Layout, options: z.output<typeof imagenetOptions>, seed: number) {
    super();
    this.#layout = layout;
    this.#options = options;
    this.#seed = seed;
    this.classes = layout.classes;
    this.shape = [options.size, options.size, options.channels];
  }

  /** Throws `ANC_DATA_*` where nothing is found, or a list of classes is damaged. */
  static async open(
    options: z.input<typeof imagenetOptions>,
    dataDir: string | null,
    seed: number,
  ): Promise<ImageNet> {
    const places = searchPlaces(dataDir, ['imagenet', 'ILSVRC2012', 'imagenet-sample', 'imagenet-1k/data']);
    for (const place of places) {
      for (const find of [folderLayout, tarLayout, parquetLayout]) {
        const layout = await find(place);
        if (layout !== null) return new ImageNet(layout, imagenetOptions.parse(options), seed);
      }
    }
    throw missing('imagenet', FORMS, places, 'one of these forms:');
  }

  async split(name: SplitName): Promise<DatasetSplit> {
    const { pictures, labels } = await this.#layout.open(name);
    const { scale, ratio, flip, views } = this.#options;
    return {
      images: new DecodedImages(pictures, this.shape, { scale, ratio, flip, views, seed: this.#seed }),
      labels: async () => checkedLabels('imagenet', await labels(), this.classes.length),
    };
  }
}
