import { resolve } from 'node:path';
import { AncError } from '@anc/core';
import type { FolderSizes } from '@anc/datasets';
import type { Composition } from '../composition/compose.js';
import { optionNames } from '../composition/validate-options.js';
import { IMAGE_FOLDER } from '../options/folder-dataset.js';
import type { Named } from '../text/named.js';
import { imageSize, sizesInWords, sizesOfFolder, statedByFolder, type StatedShape } from './image-size.js';

export interface SizeRequest {
  readonly composition: Pick<Composition, 'registries'>;
  /** Folder of the dataset's files, where its options name none. */
  readonly directory: string | null;
  readonly cwd: string;
  /** Reads the file of a trained model, where it is needed; null where none is given. */
  readonly file: (() => Promise<StatedShape>) | null;
  /** Receives which size is taken, and why. */
  readonly notice: (text: string) => void;
}

/**
 * A dataset with the size and the channels that its images are brought to, where the caller did not set them: by
 * `imageSize`. A dataset of published photographs keeps its own default where nothing says the size, and one without
 * such options is returned as it is. Throws `ANC_USAGE` where the size of a folder's images is not known, `ANC_SHAPE`
 * where the dataset cannot have it.
 */
export async function sizedDataset(
  dataset: Named,
  { composition: { registries }, directory, cwd, notice, ...request }: SizeRequest,
): Promise<Named> {
  if (!registries.datasets.has(dataset.name)) return dataset; // opening it reports that
  const options = optionNames(registries.datasets.get(dataset.name).contribution.options) ?? [];
  const isOpen = (name: string): boolean => options.includes(name) && !Object.hasOwn(dataset.options, name);
  const open = { size: isOpen('size'), channels: isOpen('channels') };
  if (!open.size && !open.channels) return dataset;
  const file = (await request.file?.()) ?? null;
  const isSized = typeof file?.shape[0] === 'number' && typeof file.shape[1] === 'number';
  const isStated = (isSized || !open.size) && (file?.shape[2] ?? null) !== null;
  const { path } = dataset.options;
  const root = typeof path === 'string' ? path : directory;
  const isFolder = dataset.name === IMAGE_FOLDER && root !== null;
  const sizes = isStated || !isFolder ? null : await sizesOfFolder(resolve(cwd, root), howRead(dataset));
  const { shape, why } = imageSize(file, sizes === null ? null : statedByFolder(sizes));
  const [height, width, channels] = shape;
  const isSquare = height === width;
  if (open.size && isSized && !isSquare) throw notSquare(dataset.name, height!, width!);
  if (open.size && !isSized && sizes !== null && !isSide(height, width)) throw sizeUnknown(sizes, file);
  const taken = {
    ...(open.size && height !== null ? { size: height } : {}),
    ...(open.channels && (channels === 1 || channels === 3) ? { channels } : {}),
  };
  if (Object.keys(taken).length === 0) return dataset;
  const changes = Object.entries(taken).map(([name, value]) => `${name} ${value}`);
  notice(`images are brought to ${changes.join(', ')}: ${why}.`);
  return { ...dataset, options: { ...dataset.options, ...taken } };
}

/** How the options say that a folder is read; a value that it cannot have is reported where the dataset is opened. */
const howRead = ({ options }: Named): Parameters<typeof sizesOfFolder>[1] => ({
  ...((options['labelled'] === 'yes' || options['labelled'] === 'no') && { labelled: options['labelled'] }),
  ...(options['splits'] === 'no' && { splits: options['splits'] }),
});

/** Whether a folder's images can have this height and width. */
const isSide = (height: number | null, width: number | null): boolean =>
  height !== null && height === width && height >= 8 && height <= 1024;

function sizeUnknown(sizes: FolderSizes, file: StatedShape | null): AncError {
  return new AncError('ANC_USAGE', 'the size that the images are brought to is not known.', {
    expected: 'the size, e.g. --dataset "image-folder(size=64)"',
    received: `${sizesInWords(sizes)}${file === null ? '' : `, and ${file.source} leaves it open`}`,
    hint: 'give the height and width that the network was trained with.',
  });
}

const notSquare = (dataset: string, height: number, width: number): AncError =>
  new AncError('ANC_SHAPE', `the model takes images that are not square, and ${dataset} gives square ones.`, {
    expected: 'a model of square images, or "model.onnx(resize=true)" beside "image-folder(size=64)"',
    received: `${height}×${width} (height × width)`,
  });
