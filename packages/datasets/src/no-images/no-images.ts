import { Dataset, type DatasetSplit } from '@anc/core';
import type { NoImagesOptions } from '../options.js';

/** No images: for methods that make them. Its shape is that of the images that the teacher takes. */
export class NoImages extends Dataset {
  readonly name = 'none';
  readonly classes = [];
  readonly shape: Dataset['shape'];
  override readonly hasImages = false;

  constructor({ height, width, channels }: NoImagesOptions) {
    super();
    this.shape = [height, width, channels];
  }

  split(): Promise<DatasetSplit> {
    const read = (): void => {
      throw new RangeError('there are no images.');
    };
    return Promise.resolve({
      images: { count: 0, shape: this.shape, fingerprint: `none(${this.shape.join('×')})`, read },
      labels: null,
    });
  }
}
