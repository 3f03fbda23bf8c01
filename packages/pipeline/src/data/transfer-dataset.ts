import { Dataset, type DatasetSplit, type SplitName } from '@anc/core';
import { FittedImages, type Fit } from '@anc/datasets';
import { describeNamed } from '../text/named.js';
import { optionError } from '../options/option-error.js';
import type { DataOptions } from '../options/run-options.js';
import { classesAreFolders, hasImages, noticesOf, taskNameOf } from './dataset-facts.js';

/**
 * A dataset with the training images of another one, in its own shape and without their labels. Classes and test images
 * are its own.
 */
export class TransferDataset extends Dataset {
  readonly name: string;
  readonly classes: readonly string[];
  readonly shape: Dataset['shape'];
  override readonly classesAreFolders: boolean;
  override readonly task: string;
  readonly #measured: Dataset;
  readonly #transfer: Dataset;
  readonly #fit: Fit;

  /** @throws `ANC_CONFIG` where the other dataset has no images */
  constructor(measured: Dataset, transfer: Dataset, fit: Fit) {
    super();
    if (!hasImages(transfer)) {
      throw optionError(['data', 'transferDataset'], 'there are no images to learn from.', {
        expected: 'a dataset with images',
        received: transfer.name,
      });
    }
    this.name = measured.name;
    this.classes = measured.classes;
    this.shape = measured.shape;
    this.classesAreFolders = classesAreFolders(measured);
    this.task = taskNameOf(measured);
    this.#measured = measured;
    this.#transfer = transfer;
    this.#fit = fit;
  }

  override get notices(): readonly string[] {
    return [...noticesOf(this.#measured), ...noticesOf(this.#transfer)];
  }

  async split(name: SplitName): Promise<DatasetSplit> {
    if (name === 'test') return this.#measured.split('test');
    const { images } = await this.#transfer.split('train');
    const isFitting = images.shape.join() === this.shape.join();
    return { images: isFitting ? images : new FittedImages(images, this.shape, this.#fit), labels: null };
  }
}

/** The field of a document that names the images that students learned from, where they are another dataset's. */
export const transferEntry = ({
  transferDataset,
}: Pick<DataOptions, 'transferDataset'>): { readonly transferDataset?: string } =>
  transferDataset === undefined ? {} : { transferDataset: transferDataset.name };

/** What students learned from and what they were measured on, where these are different datasets; else null. */
export function transferInWords(
  { dataset, transferDataset }: Pick<DataOptions, 'dataset' | 'transferDataset'>,
  testImages: number,
): string | null {
  if (transferDataset === undefined) return null;
  const learned = `Students learned from images of ${describeNamed({ ...transferDataset, options: {} })}, without labels`;
  return testImages === 0
    ? `${learned}; nothing was measured on other images.`
    : `${learned}; test error and agreement are of the test images of ${describeNamed({ ...dataset, options: {} })}, of which none was seen in training.`;
}
