import { AncError, type Dataset, type DatasetSplit } from '@anc/core';
import { limitSplit, subsetSplit } from '@anc/datasets';
import type { Composition } from '../composition/compose.js';
import { chooseDataset, type DatasetRequest } from '../data/choose-dataset.js';
import type { StatedShape } from '../data/image-size.js';
import { openDataset, type Fetching } from '../data/open-dataset.js';
import { requireTestImages } from '../data/require-test-images.js';
import { sizedDataset } from '../data/sized-dataset.js';
import type { Named } from '../text/named.js';
import { withoutPath } from '../options/folder-dataset.js';
import type { FoundModel } from './find-model.js';

/** Which images to evaluate on. */
export interface ImagesRequest {
  /** A registered dataset, or the path of a folder. */
  readonly dataset?: string | Named;
  readonly dataDir?: string | null;
  /** Only the first test images. */
  readonly limitTest?: number;
  readonly fetching?: Fetching;
  /** Relative paths start here. */
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
  /** Whether these are the images of the run, because no others were requested. */
  readonly ofRun: boolean;
  /** How the dataset was found, where it was not named. */
  readonly notices: readonly string[];
  /** The test images of the request; those of the run where the request names none. */
  test(): Promise<DatasetSplit>;
}

/** Whether a data folder is given that the dataset of a run has no use for: its images are meant. */
const isElsewhere = ({ dataDir }: ImagesRequest, { name }: Named, { registries }: Composition): boolean =>
  typeof dataDir === 'string' && registries.datasets.get(name).contribution.generated === true;

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
  const recorded = options?.data.dataset;
  const ofRun =
    request.dataset === undefined && recorded !== undefined && !isElsewhere(request, recorded, composition);
  const chosen = ofRun
    ? { dataset: request.dataDir ? withoutPath(recorded) : recorded, dataDir: request.dataDir, notices: [] }
    : await chooseDataset(request as DatasetRequest, request.cwd, composition);
  if (chosen.dataset === undefined) {
    throw new AncError('ANC_USAGE', 'no dataset was given (--dataset).', {
      expected: 'the name of a dataset',
      hint: 'see them with `anc-cli list`.',
    });
  }
  const { limitTest, cwd, model, notice } = request;
  const directory = chosen.dataDir ?? (ofRun ? options!.data.directory : null);
  const named = await sizedDataset(chosen.dataset, { composition, directory, cwd, file: model, notice });
  const seed = options?.data.seed ?? options?.training.seed ?? 1;
  const dataset = await openDataset(named, composition, { dataDir: directory, seed }, request.fetching);
  return {
    named,
    dataset,
    seed,
    notices: chosen.notices,
    ofRun,
    async test() {
      const whole = requireTestImages(await dataset.split('test'), named.name);
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
