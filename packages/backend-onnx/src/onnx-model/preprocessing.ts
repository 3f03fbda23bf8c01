import type { FixedNormalization, Normalization } from '@anc/core';
import { pixelUnit } from '@anc/core/internal';
import { decodeForeignMetadata, isImpossibleNormalization } from '@anc/formats';

/** Preprocessing and classes in a model's metadata; null for what it does not declare. */
export interface Declared {
  readonly normalization: Normalization | null;
  /** What it says of normalization where that cannot be used. */
  readonly unusable: UnusableNormalization | null;
  readonly channels: 'rgb' | 'bgr' | null;
  readonly layout: 'nchw' | 'nhwc' | null;
  readonly classNames: readonly string[] | null;
}

/** Entries of the metadata that should say how images are normalized, and do not. */
export interface UnusableNormalization {
  readonly text: string;
  /** Whether they are numbers by which nothing can be normalized, as a deviation of 0, and not of another kind. */
  readonly impossible: boolean;
}

type Metadata = Readonly<Record<string, string>>;

/** Pixel ranges by their names in Windows ML's metadata. */
const RANGES: Readonly<Record<string, FixedNormalization>> = {
  nominalrange_0_255: { mean: [0], std: [1] },
  normalized_0_1: { mean: [0], std: [255] },
  normalized_1_1: { mean: [127.5], std: [127.5] },
};

/** Reads our own keys (`normalization`, `layout`, `classes`), `mean` and `std`, `names`, and Windows ML's. */
export function declared(metadata: Metadata, channels: number): Declared {
  const own = decodeForeignMetadata(metadata);
  const format = metadata['Image.BitmapPixelFormat']?.toLowerCase();
  const normalization = normalizationIn(metadata, own.normalization, channels);
  return {
    normalization,
    unusable: normalization === null ? unusableIn(metadata) : null,
    channels: format === undefined ? null : format.startsWith('bgr') ? 'bgr' : 'rgb',
    layout: own.layout ?? null,
    classNames: ['classes', 'names', 'labels'].map((key) => namesIn(metadata[key])).find(Boolean) ?? null,
  };
}

function normalizationIn(
  metadata: Metadata,
  own: Normalization | undefined,
  channels: number,
): Normalization | null {
  const range = RANGES[metadata['Image.NominalPixelRange']?.toLowerCase() ?? ''];
  if (range !== undefined) return forAll(range, channels);
  if (own !== undefined) return own;
  const [mean, std] = [metadata['mean'], metadata['std']].map((text) => json(text));
  if (!isNumbers(mean) || !isNumbers(std) || isImpossibleNormalization({ mean, std })) return null;
  const unit = pixelUnit(mean, std);
  const bytes = { mean: mean.map((value) => unit * value), std: std.map((value) => unit * value) };
  return mean.length === 1 ? forAll(bytes, channels) : bytes;
}

function unusableIn(metadata: Metadata): UnusableNormalization | null {
  const { normalization, mean, std } = metadata;
  if (normalization !== undefined) {
    return {
      text: `normalization ${normalization}`,
      impossible: isImpossibleNormalization(json(normalization)),
    };
  }
  if (mean === undefined || std === undefined) return null;
  const impossible = isImpossibleNormalization({ mean: json(mean), std: json(std) });
  return { text: `mean ${mean}, std ${std}`, impossible };
}

const forAll = ({ mean, std }: FixedNormalization, channels: number): FixedNormalization => ({
  mean: Array.from({ length: channels }, () => mean[0]!),
  std: Array.from({ length: channels }, () => std[0]!),
});

function json(text: string | undefined): unknown {
  try {
    return text === undefined ? null : (JSON.parse(text) as unknown);
  } catch {
    return null;
  }
}

const isNumbers = (value: unknown): value is number[] =>
  Array.isArray(value) && value.length > 0 && value.every((n) => typeof n === 'number' && Number.isFinite(n));

/** A list of names in JSON, or a dictionary from index to name as JSON or as Python prints it. */
function namesIn(text: string | undefined): readonly string[] | null {
  if (text === undefined) return null;
  const value = json(text);
  const isNames = (list: readonly unknown[]): list is string[] =>
    list.length > 0 && list.every((name) => typeof name === 'string');
  if (Array.isArray(value)) return isNames(value) ? value : null;
  const pairs: [number, unknown][] =
    typeof value === 'object' && value !== null
      ? Object.entries(value).map(([index, name]) => [Number(index), name])
      : [...text.matchAll(/(\d+)\s*:\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")/g)].map(
          ([, index, single = '', double]) => [Number(index), (double ?? single).replace(/\\(.)/g, '$1')],
        );
  const names = pairs.sort(([a], [b]) => a - b).map(([, name]) => name);
  return pairs.every(([index], i) => index === i) && isNames(names) ? names : null;
}
