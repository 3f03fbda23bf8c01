import { isAncError, Rng, sizeOf, type DatasetSplit, type HostTensor } from '@anc/core';
import { topOf } from '@anc/core/internal';
import { limitSplit } from '@anc/datasets';
import { openImages, type ImagesRequest, type OpenedImages } from '../classifier/images.js';
import type { Composition } from '../composition/compose.js';
import { firstImages } from '../export/verify.js';
import { describeNamed } from '../text/named.js';
import type { BenchmarkModel } from './models.js';
import type { OpenRow } from './rows.js';

export interface BenchmarkImagesRequest extends Pick<
  ImagesRequest,
  'dataset' | 'cwd' | 'notice' | 'fetching'
> {
  readonly dataDir?: string;
  /** Images for the agreement at most. */
  readonly limitTest: number;
}

/** Training images that set the ranges of an 8-bit model. */
const CALIBRATION = 128;

/** The images that are predicted: of a dataset, or noise. */
export class BenchmarkImages {
  #images: OpenedImages | null = null;
  #split: DatasetSplit | null = null;

  constructor(
    readonly models: readonly BenchmarkModel[],
    readonly request: BenchmarkImagesRequest,
    readonly composition: Composition,
  ) {}

  /** Throws what opening them throws where they were requested; those of a run may be gone. */
  async open(): Promise<this> {
    const { dataset, dataDir, cwd, notice, fetching = {} } = this.request;
    const isNamed = dataset !== undefined || dataDir !== undefined;
    const of = this.models.find(({ found }) => found !== null) ?? this.models[0]!;
    if (!isNamed && of.found === null) return this;
    try {
      const images = await openImages(
        {
          ...(dataset && { dataset }),
          ...(dataDir === undefined ? {} : { dataDir }),
          cwd,
          notice,
          fetching: isNamed ? fetching : { ...fetching, offline: true },
          model: () => Promise.resolve({ shape: of.input, source: 'the model' }),
        },
        of.found,
        this.composition,
      );
      const split = await images.test();
      this.#images = images;
      this.#split = split;
    } catch (error) {
      if (isNamed || !isAncError(error)) throw error;
      notice(`noise is predicted, as the images of the run cannot be opened: ${error.message}`);
    }
    return this;
  }

  get name(): string | null {
    return this.#images === null ? null : describeNamed(this.#images.named);
  }

  get count(): number {
    return Math.min(this.request.limitTest, this.#split?.images.count ?? 0);
  }

  #fits(input: BenchmarkModel['input']): boolean {
    return this.#split !== null && this.#split.images.shape.join() === input.join();
  }

  /** `size` images: the first of the split, again and again; or noise. */
  async batch(input: BenchmarkModel['input'], size: number): Promise<HostTensor> {
    const shape = [size, ...input];
    const data = new Uint8Array(sizeOf(shape));
    if (this.#fits(input)) {
      const { images } = this.#split!;
      await images.read(
        Int32Array.from({ length: size }, (_, i) => i % images.count),
        data,
      );
    } else {
      const rng = Rng.fromSeed(0).split('benchmark images');
      for (let i = 0; i < data.length; i++) data[i] = rng.int(256);
    }
    return { shape, data };
  }

  /** Training images that set the ranges of an 8-bit model; or noise. */
  async *calibration(input: BenchmarkModel['input']): AsyncGenerator<HostTensor> {
    if (!this.#fits(input)) {
      yield await this.batch(input, 16);
      return;
    }
    const { dataset, seed } = this.#images!;
    yield* firstImages(limitSplit(await dataset.split('train'), CALIBRATION, seed), CALIBRATION);
  }

  /** Share of images with the class of the first row; null of that one, of other classes and without images. */
  async agreements(rows: readonly OpenRow[]): Promise<(number | null)[]> {
    const [reference] = rows;
    let wanted: number[] | null = null;
    const shares: (number | null)[] = [];
    for (const row of rows) {
      const isComparable = this.#fits(row.input) && row.classes === reference!.classes;
      const found = isComparable ? await this.#classesOf(row) : null;
      wanted ??= found;
      const isCompared = found !== null && row !== reference && this.#fits(reference!.input);
      shares.push(isCompared ? found.filter((top, i) => top === wanted![i]).length / found.length : null);
    }
    return shares;
  }

  async #classesOf(row: OpenRow): Promise<number[]> {
    const tops: number[] = [];
    for await (const batch of firstImages(this.#split!, this.count)) {
      const { shape, data } = await row.run(batch);
      const classes = shape.at(-1)!;
      for (let at = 0; at < data.length; at += classes) tops.push(topOf(data, at, classes));
    }
    return tops;
  }
}
