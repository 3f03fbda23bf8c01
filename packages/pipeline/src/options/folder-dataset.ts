import { basename, resolve } from 'node:path';
import type { Named } from '../text/named.js';

/** The dataset that is a folder of the user's images. */
export const IMAGE_FOLDER = 'image-folder';

const withOption = (named: Named, key: string, value: unknown): Named => ({
  ...named,
  options: { ...named.options, [key]: value },
});
const lacks = ({ name, options }: Named, key: string): boolean =>
  name === IMAGE_FOLDER && !Object.hasOwn(options, key);

/** A folder of images as it is recorded: with its absolute path, and the order of its classes. Others stay as they are. */
export function recordedFolder(named: Named, cwd: string): Named {
  const { path } = named.options;
  const placed =
    named.name === IMAGE_FOLDER && typeof path === 'string'
      ? withOption(named, 'path', resolve(cwd, path))
      : named;
  return lacks(placed, 'classOrder') ? withOption(placed, 'classOrder', 'natural') : placed;
}

/** A dataset of a record: where none says the order of its classes, it is that of text, as former versions had it. */
export const withFormerClassOrder = (named: Named): Named =>
  lacks(named, 'classOrder') ? withOption(named, 'classOrder', 'text') : named;

/** A dataset of a record whose files have moved to the data folder: its own path no longer counts. */
export function withoutPath(named: Named): Named {
  if (named.name !== IMAGE_FOLDER) return named;
  const { path: _, ...options } = named.options;
  return { ...named, options };
}

/** What runs on a dataset are called by: its name, or that of a folder of images. `directory`: the folder of `--data-dir`. */
export function datasetLabel({ name, options }: Named, directory: string | null, cwd: string): string {
  const { path = directory } = options;
  if (name !== IMAGE_FOLDER || typeof path !== 'string') return name;
  return basename(resolve(cwd, path)) || name;
}
