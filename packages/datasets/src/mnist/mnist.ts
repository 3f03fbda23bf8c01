import { IdxDataset } from './idx-dataset.js';
import { fashionMnistSpec, mnistSpec } from './mnist-spec.js';

export const fashionMnist = (dataDir: string | null): IdxDataset => new IdxDataset(fashionMnistSpec, dataDir);
export const mnist = (dataDir: string | null): IdxDataset => new IdxDataset(mnistSpec, dataDir);
