import type { TaskMetric } from '@anc/core';

/** 8.31 %; a dash where there is no number. */
export const formatShare = (share: number | null | undefined, digits = 2): string =>
  share === null || share === undefined
    ? '–'
    : Number.isFinite(share)
      ? `${(100 * share).toFixed(digits)} %`
      : String(share);

export const formatMetric = (value: number | null, { unit = 'share' }: TaskMetric): string =>
  value === null || unit === 'share' ? formatShare(value) : formatNumber(value);

export const formatCount = (count: number | null): string => count?.toLocaleString('en-US') ?? 'unknown';

export const formatNumber = (value: number): string =>
  Number.isFinite(value) ? String(Number(value.toPrecision(6))) : String(value);

/** 972 k: three digits and a unit of thousands. */
export function formatLarge(value: number): string {
  const units = ['', ' k', ' M', ' G', ' T', ' P'];
  const rounded = Number(value.toPrecision(3)); // 999,950 is 1 M
  const at = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, rounded)) / 3)));
  return `${Number((rounded / 1000 ** at).toPrecision(3))}${units[at]!}`;
}

/** 136 kB. */
export const formatBytes = (bytes: number): string =>
  `${formatLarge(bytes)}${Number(bytes.toPrecision(3)) >= 1000 ? '' : ' '}B`;

export const formatMilliseconds = (milliseconds: number): string =>
  `${Number(milliseconds.toPrecision(milliseconds < 100 ? 2 : 3))} ms`;

/** 6.2 × smaller, 1.4 × larger; null where one of them is not known. */
export function ratioInWords(
  value: number | null | undefined,
  reference: number | null | undefined,
  [less, more]: readonly [string, string],
): string | null {
  if (!isPositive(value) || !isPositive(reference)) return null;
  const ratio = reference / value;
  const rounded = (x: number): string => `${Number(x.toPrecision(x < 10 ? 2 : 3))} ×`;
  return ratio >= 1 ? `${rounded(ratio)} ${less}` : `${rounded(1 / ratio)} ${more}`;
}

const isPositive = (value: number | null | undefined): value is number =>
  typeof value === 'number' && Number.isFinite(value) && value > 0;

/** Normal quantile of a 95 % interval. */
const Z = 1.959964;

/** 95 % interval of a share that was found in `count` draws (Wilson 1927). */
export function wilson(share: number, count: number): readonly [number, number] {
  const square = Z ** 2 / count;
  const center = (share + square / 2) / (1 + square);
  const half = (Z / (1 + square)) * Math.sqrt((share * (1 - share)) / count + square / (4 * count));
  return [Math.max(0, center - half), Math.min(1, center + half)];
}

/** 90.1–93.0 %. */
export const formatInterval = ([low, high]: readonly [number, number]): string =>
  `${(100 * low).toFixed(1)}–${(100 * high).toFixed(1)} %`;
