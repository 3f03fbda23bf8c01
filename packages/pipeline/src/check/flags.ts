import type { Preprocessing } from './candidates.js';
import { OWN } from './candidates.js';

/** How a preprocessing is set. */
export interface PreprocessingFlags {
  /** Of `run`, `compare` and `tune`. */
  readonly run: string;
  /** Of `eval`, `export` and `check`; null where it is part of the model's name. */
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
 * @param teacher the model as it was named
 */
export function flagsOf(
  { name, normalization, layout, order }: Preprocessing,
  teacher: string,
  isOnnx: boolean,
): PreprocessingFlags | null {
  if (normalization === 'per-image' || (name === OWN && order !== 'bgr' && layout === 'own')) return null;
  const numbers = (values: readonly number[], scale: number): string =>
    values.map((value) => String(Number((value / scale).toPrecision(6)))).join(',');
  if (order === 'bgr' || layout !== 'own') {
    if (!isOnnx) return null;
    const options = [
      ...(layout === 'own' ? [] : [`layout=${layout}`]),
      ...(order === 'bgr' ? ['channels=bgr'] : []),
      `mean=[${numbers(normalization.mean, 1)}]`, // options of an ONNX model are of bytes
      `std=[${numbers(normalization.std, 1)}]`,
    ];
    const named = `"${teacher.replace(/\(.*$/s, '')}(${options.join(', ')})"`;
    return { run: `--teacher ${named}`, others: named };
  }
  const known = order === 'grey' && name.startsWith('ImageNet') ? undefined : NAMES[name];
  const value = known ?? `${numbers(normalization.mean, 255)}/${numbers(normalization.std, 255)}`; // of pixels in 0..1
  return { run: `--teacher-preprocessing ${value}`, others: `--preprocessing ${value}` };
}
