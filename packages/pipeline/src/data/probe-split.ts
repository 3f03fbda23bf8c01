import { inspect } from 'node:util';
import { AncError, sizeOf, type Dataset, type DatasetSplit, type SplitName } from '@anc/core';
import { originOf } from '@anc/core/internal';
import { blaming } from '../composition/plugin-fault.js';

/**
 * Tries a split of a dataset: its images have the dataset's shape and a fingerprint, and the same image has the same bytes
 * when it is read again.
 *
 * @throws `ANC_PLUGIN` where one of it is not so.
 */
export async function probeSplit(dataset: Dataset, split: DatasetSplit, name: SplitName): Promise<void> {
  const what = originOf('dataset', dataset);
  const fault = (problem: string, expected: string, received: unknown): AncError =>
    new AncError('ANC_PLUGIN', `${what}: the ${name} images ${problem}.`, {
      expected,
      received: inspect(received, { depth: 1, breakLength: Infinity }),
    });
  const images = (split as Partial<DatasetSplit> | undefined)?.images;
  if (typeof images?.read !== 'function')
    throw fault('cannot be read', '{ images: { count, shape, fingerprint, read }, labels }', split);
  const { count, fingerprint, shape } = images;
  if (!Number.isInteger(count) || count < 0) throw fault('have no count', 'a whole number', count);
  if (typeof fingerprint !== 'string' || fingerprint === '')
    throw fault('have no fingerprint', 'a text that changes with the content', fingerprint);
  if (JSON.stringify(shape) !== JSON.stringify(dataset.shape))
    throw fault('have another shape than the dataset', JSON.stringify(dataset.shape), shape);
  if (count === 0) return;
  const indices = Int32Array.of(0, count - 1);
  const read = async (background: number): Promise<Uint8Array> => {
    const out = new Uint8Array(2 * sizeOf(shape)).fill(background);
    await blaming(what, () => images.read(indices, out));
    return out;
  };
  const [first, second] = [await read(0), await read(255)];
  const other = first.findIndex((value, i) => value !== second[i]);
  if (other < 0) return;
  throw new AncError('ANC_PLUGIN', `${what}: reading the same ${name} images again gives other bytes.`, {
    expected: `${first.length} bytes, all of them written, the same each time`,
    received: `${first[other]} and ${second[other]} at byte ${other}`,
    hint: 'write every byte of out, and draw what is random from a seeded rng by the index of the image.',
  });
}
