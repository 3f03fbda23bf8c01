import type { FixedNormalization, Normalization } from '@anc/core';
import { pixelUnit } from '@anc/core/internal';
import { decodeForeignMetadata } from '@anc/formats';
import { namesIn } from './class-names.js';
import { pythonLiteral, type PythonValue } from './python-literal.js';

/** Preprocessing and classes in a model's metadata; null for what it does not declare. */
export interface Declared {
  readonly normalization: Normalization | null;
  /** A mean and deviation by which nothing can be normalized (a deviation of 0), as they are written; else null. */
  readonly impossible: string | null;
  readonly channels: 'rgb' | 'bgr' | null;
  readonly layout: 'nchw' | 'nhwc' | null;
  readonly classNames: readonly string[] | null;
  /** What is there but cannot be used, in words: clauses about the metadata. */
  readonly problems: readonly string[];
}

type Metadata = Readonly<Record<string, string>>;

/** Pixel ranges by their names in Windows ML's metadata. */
const RANGES: Readonly<Record<string, FixedNormalization>> = {
  nominalrange_0_255: { mean: [0], std: [1] },
  normalized_0_1: { mean: [0], std: [255] },
  normalized_1_1: { mean: [127.5], std: [127.5] },
};

const NAME_KEYS = ['classes', 'names', 'labels', 'class_names', 'id2label', 'class_to_idx'];

/**
 * Reads our own keys (`normalization`, `layout`, `classes`), `mean` and `std`, names of classes, and Windows ML's keys.
 * Lists and dictionaries are JSON or as Python prints them.
 */
export function declared(metadata: Metadata, channels: number): Declared {
  const own = decodeForeignMetadata(metadata);
  const format = metadata['Image.BitmapPixelFormat']?.toLowerCase();
  const problems: string[] = [];
  const found = normalizationIn(metadata, own.normalization, channels, problems);
  const names = NAME_KEYS.map((key) => [key, namesIn(metadata[key])] as const);
  const classNames = names.find(([, found]) => Array.isArray(found))?.[1] ?? null;
  const unreadable = classNames === null ? names.find(([, found]) => found === 'unreadable') : undefined;
  if (unreadable !== undefined) problems.push(unreadableKey(unreadable[0], metadata[unreadable[0]]!));
  return {
    ...found,
    channels: format === undefined ? null : format.startsWith('bgr') ? 'bgr' : 'rgb',
    layout: own.layout ?? null,
    classNames: classNames === 'unreadable' ? null : classNames,
    problems,
  };
}

const unreadableKey = (key: string, text: string): string =>
  `"${key}" cannot be read (${text.length > 40 ? `${text.slice(0, 40)}…` : text}), so it is not used`;

function normalizationIn(
  metadata: Metadata,
  own: Normalization | undefined,
  channels: number,
  problems: string[],
): Pick<Declared, 'normalization' | 'impossible'> {
  const range = RANGES[metadata['Image.NominalPixelRange']?.toLowerCase() ?? ''];
  const usable = range === undefined ? own : forAll(range, channels);
  if (usable !== undefined) return { normalization: usable, impossible: null };
  const pair = pairIn(metadata['normalization']);
  const texts = pair ?? { mean: metadata['mean'], std: metadata['std'] };
  const given = Object.entries({
    normalization: metadata['normalization'],
    ...(pair === null ? texts : {}),
  }).filter(([, text]) => text !== undefined && !['', 'None', 'null'].includes(text.trim()));
  if (given.length === 0) return { normalization: null, impossible: null };
  const shown = given.map(([key, text]) => `${key} ${text!.slice(0, 60)}`).join(', ');
  const [mean, std] = [numbersIn(texts.mean), numbersIn(texts.std)];
  if (mean === null || std === null) {
    problems.push(`${shown}: no mean and deviation per channel, so not used`);
    return { normalization: null, impossible: null };
  }
  const fits = mean.length === std.length || mean.length === 1 || std.length === 1;
  if (!fits || std.some((deviation) => deviation <= 0)) return { normalization: null, impossible: shown };
  const unit = pixelUnit(mean, std);
  const length = Math.max(mean.length, std.length);
  const each = (values: readonly number[]): number[] =>
    Array.from({ length }, (_, c) => unit * values[c % values.length]!);
  const bytes = { mean: each(mean), std: each(std) };
  return { normalization: length === 1 ? forAll(bytes, channels) : bytes, impossible: null };
}

/** Mean and deviation in one dictionary, as JSON or as Python prints it; null for other texts. */
function pairIn(text: string | undefined): { mean: string | undefined; std: string | undefined } | null {
  const value = text === undefined ? undefined : pythonLiteral(text);
  if (typeof value !== 'object' || value === null || !('pairs' in value)) return null;
  const textOf = (wanted: string): string | undefined => {
    const found = value.pairs.find(([key]) => key === wanted);
    return found && JSON.stringify(found[1]);
  };
  return { mean: textOf('mean'), std: textOf('std') };
}

const forAll = ({ mean, std }: FixedNormalization, channels: number): FixedNormalization => ({
  mean: Array.from({ length: channels }, () => mean[0]!),
  std: Array.from({ length: channels }, () => std[0]!),
});

/** The numbers of a list, nested or not (`[[0.5]]`, as of shape [C, 1, 1]), or separated by spaces or commas. */
function numbersIn(text: string | undefined): readonly number[] | null {
  if (text === undefined) return null;
  const separated = (): PythonValue[] =>
    text
      .split(/[\s,;[\]()]+/)
      .filter((word) => word !== '')
      .map(Number);
  const value = pythonLiteral(text) ?? separated();
  const numbers = [value].flat(Infinity as 1) as unknown[];
  return numbers.length > 0 && numbers.every((n) => typeof n === 'number' && Number.isFinite(n))
    ? (numbers as number[])
    : null;
}
