import { AncError, type Dataset, type DatasetSplit } from '@anc/core';
import { limitSplit, subsetSplit } from '@anc/datasets';
import type { Composition } from '../composition/compose.js';
import type { StatedShape } from '../data/image-size.js';
import { openDataset, type Fetching } from '../data/open-dataset.js';
import { sizedDataset } from '../data/sized-dataset.js';
import type { Named } from '../text/named.js';
import type { FoundModel } from './find-model.js';

/** Which images to evaluate on. */
export interface ImagesRequest {
  readonly dataset?: Named;
  readonly dataDir?: string | null;
  /** Only the first test images. */
  readonly limitTest?: number;
  readonly fetching?: Fetching;
  readonly cwd: string;
  /** What the model's file says of its images. */
  readonly model: () => Promise<StatedShape>;
  /** Receives the size that images are brought to, and why. */
  readonly notice: (text: string) => void;
}

export interface OpenedImages {
  readonly named: Named;
  readonly dataset: Dataset;
  /** Random seed of subsets. */
  readonly seed: number;
  /** The test images of the request; those of the run where the request names none. */
  test(): Promise<DatasetSplit>;
}

/**
 * Opens images: those of the run where nothing else is requested, brought to the size that the model takes. Throws
 * `ANC_USAGE` where neither names a dataset, and where nothing says the size.
 */
export async function openImages(
  request: ImagesRequest,
  found: FoundModel | null,
  composition: Composition,
): Promise<OpenedImages> {
  const options = found?.options;
  const requested = request.dataset ?? options?.data.dataset;
  if (requested === undefined) {
    throw new AncError('ANC_USAGE', 'no dataset was given (--dataset).', {
      expected: 'the name of a dataset',
      hint: 'see them with `anc-cli list`.',
    });
  }
  const { limitTest, cwd, model, notice } = request;
  const directory = request.dataDir ?? options?.data.directory ?? null;
  const named = await sizedDataset(requested, { composition, directory, cwd, file: model, notice });
  const seed = options?.data.seed ?? options?.training.seed ?? 1;
  const dataset = await openDataset(named, composition, { dataDir: directory, seed }, request.fetching);
  return {
    named,
    dataset,
    seed,
    async test() {
      const whole = await dataset.split('test');
      if (limitTest !== undefined) {
        const length = Math.min(limitTest, whole.images.count);
        return subsetSplit(
          whole,
          Int32Array.from({ length }, (_, i) => i),
        );
      }
      const own = request.dataset === undefined ? options?.data.limitTest : null;
      return typeof own === 'number' ? limitSplit(whole, own, seed) : whole;
    },
  };
}
