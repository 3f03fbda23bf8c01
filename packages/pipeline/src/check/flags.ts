import { shellQuoted } from '@anc/core/internal';
import type { NamedFile } from '../classifier/classifier-file.js';
import { isOnnx } from '../classifier/open-classifier.js';
import { describeNamed } from '../text/named.js';
import { OWN, type Preprocessing } from './candidates.js';

/** How a preprocessing is set. */
export interface PreprocessingFlags {
  /** Of `run`, `compare` and `tune`. */
  readonly run: string;
  /** Of `eval`, `export` and `check`; or the model's name with options, which they take in its place. */
  readonly others: string;
}

/** Names that the flags take, by those of the candidates. */
const NAMES: Readonly<Record<string, string>> = {
  '0 to 1': 'unit',
  '0 to 255': 'none',
  '-1 to 1': 'signed',
  'ImageNet mean/std': 'imagenet',
  'CIFAR-10 mean/std': 'cifar10',
  'CIFAR-100 mean/std': 'cifar100',
  'SVHN mean/std': 'svhn',
  'MNIST mean/std': 'mnist',
  'Fashion-MNIST mean/std': 'fashion-mnist',
};

/**
 * The flags that set a preprocessing. Null for the one in use, and for an order of colors that only an ONNX model can be
 * given.
 * @param teacher the model's file, and what was said of it: mean and std that stand there outweigh a flag
 */
export function flagsOf(
  { name, normalization, layout, order }: Preprocessing,
  { file, onnx = {} }: NamedFile,
): PreprocessingFlags | null {
  if (normalization === 'per-image' || (name === OWN && order !== 'bgr' && layout === 'own')) return null;
  const numbers = (values: readonly number[], scale: number): number[] =>
    values.map((value) => Number((value / scale).toPrecision(6)));
  const isSaid = onnx.mean !== undefined || onnx.std !== undefined;
  if (order === 'bgr' || layout !== 'own' || isSaid) {
    if (!isOnnx(file)) return null;
    const said = Object.entries(onnx).filter(([, value]) => value !== 'auto' && value !== false);
    const options = {
      ...Object.fromEntries(said),
      ...(layout === 'own' ? {} : { layout }),
      ...(order === 'bgr' ? { channels: 'bgr' } : {}),
      mean: numbers(normalization.mean, 1), // options of an ONNX model are of bytes
      std: numbers(normalization.std, 1),
    };
    const named = shellQuoted(describeNamed({ name: file, options }));
    return { run: `--teacher ${named}`, others: named };
  }
  const known = order === 'grey' && name.startsWith('ImageNet') ? undefined : NAMES[name];
  const value =
    known ?? `${numbers(normalization.mean, 255).join()}/${numbers(normalization.std, 255).join()}`; // of pixels in 0..1
  return { run: `--teacher-preprocessing ${value}`, others: `--preprocessing ${value}` };
}
