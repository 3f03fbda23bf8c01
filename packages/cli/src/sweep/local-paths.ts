import { isAbsolute } from 'node:path';
import { isGiven, type RunOptions } from '@anc/pipeline/internal';

/** A file or folder that a named dataset reads by itself, as `image-folder(path=…)`. */
const pathOf = (dataset: RunOptions['data']['transferDataset']): unknown => dataset?.options['path'];

/**
 * Absolute paths of this machine that trainings with these options read, besides the folder of the sweep: given networks,
 * weights, images and plugins.
 */
export function localPaths({ teacher, student, data, plugins }: RunOptions): string[] {
  const networks = [teacher.model, student.model].filter(isGiven).map(({ name }) => name);
  const images = [data.directory, pathOf(data.dataset), pathOf(data.transferDataset)];
  const all = [...networks, student.weights, ...images, ...plugins];
  return [...new Set(all.filter((path): path is string => typeof path === 'string' && isAbsolute(path)))];
}
