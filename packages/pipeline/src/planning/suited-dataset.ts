import { onnxImageShape, type OnnxTeacherOptions } from '@anc/backend-onnx';
import { readNamedFile } from '../files/named-file.js';
import { isOnnx } from '../classifier/open-classifier.js';
import type { Composition } from '../composition/compose.js';
import type { Named } from '../text/named.js';
import { optionNames } from '../composition/validate-options.js';
import type { DataOptions } from '../options/run-options.js';
import { isGiven } from './given-teacher.js';

/**
 * A dataset that resizes its images gets the size and channels of a given ONNX teacher, unless they are set. Throws what
 * reading the model throws.
 */
export async function suitedDataset(
  { dataset }: Pick<DataOptions, 'dataset'>,
  teacher: Named,
  { registries }: Composition,
  notice: (text: string) => void,
): Promise<Named> {
  const options = optionNames(registries.datasets.get(dataset.name).contribution.options) ?? [];
  const open = (name: string): boolean => options.includes(name) && !Object.hasOwn(dataset.options, name);
  if (!isGiven(teacher) || !isOnnx(teacher.name) || !(open('size') || open('channels'))) return dataset;
  const { bytes } = await readNamedFile(teacher.name, process.cwd());
  const { layout } = teacher.options as Pick<OnnxTeacherOptions, 'layout'>;
  const [height, width, channels] = onnxImageShape(bytes, teacher.name, layout);
  const wanted = {
    ...(open('size') && height !== null && height === width ? { size: height } : {}),
    ...(open('channels') && (channels === 1 || channels === 3) ? { channels } : {}),
  };
  if (Object.keys(wanted).length === 0) return dataset;
  const changes = Object.entries(wanted).map(([name, value]) => `${name} ${value}`);
  notice(`images are resized to what the teacher takes: ${changes.join(', ')}.`);
  return { ...dataset, options: { ...dataset.options, ...wanted } };
}
