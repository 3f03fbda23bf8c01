import { IdxDataset } from './idx-dataset.js';
import { fashionMnistSpec, mnistSpec } from './mnist-spec.js';

/** Fashion-MNIST in `dataDir`; null: in the default folders. */
export const fashionMnist = (dataDir: string | null): IdxDataset => new IdxDataset(fashionMnistSpec, dataDir);
/** MNIST in `dataDir`; null: in the default folders. */
export const mnist = (dataDir: string | null): IdxDataset => new IdxDataset(mnistSpec, dataDir);
