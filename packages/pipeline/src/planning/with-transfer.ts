import type { Dataset } from '@anc/core';
import type { Composition } from '../composition/compose.js';
import { openDataset, type Fetching } from '../data/open-dataset.js';
import { sizedDataset } from '../data/sized-dataset.js';
import { TransferDataset } from '../data/transfer-dataset.js';
import { aboutOption } from '../options/option-error.js';
import type { RunOptions } from '../options/run-options.js';

/**
 * The dataset of a run with the training images of another one, where the options name one. Pictures of any size are
 * decoded in the dataset's own. Throws what opening that one throws, `ANC_CONFIG` where it has no images, and
 * `ANC_SHAPE` where its images cannot have the dataset's shape.
 */
export async function withTransfer(
  dataset: Dataset,
  { data, training }: Pick<RunOptions, 'data' | 'training'>,
  composition: Composition,
  fetching: Fetching,
): Promise<Dataset> {
  const { transferDataset, transferFit = 'resize', directory, seed = training.seed } = data;
  if (transferDataset === undefined) return dataset;
  return aboutOption(['data', 'transferDataset'], async () => {
    const shape = { shape: dataset.shape, source: `the dataset ${dataset.name}` };
    const [height, width] = dataset.shape;
    const sized = await sizedDataset(transferDataset, {
      composition,
      directory,
      cwd: process.cwd(), // paths are absolute by now
      file: height === width ? () => Promise.resolve(shape) : null,
      notice: () => undefined, // the shape is the dataset's, which the plan shows
    });
    const transfer = await openDataset(sized, composition, { dataDir: directory, seed }, fetching);
    const joined = new TransferDataset(dataset, transfer, transferFit);
    await joined.split('train'); // whether its images can have that shape
    return joined;
  });
}
