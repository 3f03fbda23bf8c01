import type { TaskMetric } from '@anc/core';

/** What nobody counted. */
const UNKNOWN = 'unknown';

/** 12,345,678; `unknown` where there is no number. */
export const formatCount = (n: number | null): string => {
  if (n === null) return UNKNOWN;
  // The first use of a locale loads its tables, which takes 10 ms.
  return Number.isSafeInteger(n) ? String(n).replace(/\B(?=(\d{3})+$)/g, ',') : n.toLocaleString('en-US');
};

/** A task's metric: in percent where it is a share; a dash where there is no number. */
export const formatMetric = (value: number | null, { unit = 'share' }: Pick<TaskMetric, 'unit'>): string =>
  value === null || unit === 'share' ? formatShare(value) : String(Number(value.toPrecision(4)));

/** 8.31 %; a dash where there is no number. */
export const formatShare = (share: number | null): string =>
  share === null ? '–' : `${(100 * share).toFixed(2)} %`;

/** 0.412; a dash where it is not defined. */
export const formatKappa = (kappa: number | null | undefined): string => kappa?.toFixed(3) ?? '–';

/** 1.2 M: three digits and a unit; `unknown` where there is no number. */
export function formatLarge(n: number | null): string {
  if (n === null) return UNKNOWN;
  const [scale, unit] = (
    [
      [1e18, 'E'],
      [1e15, 'P'],
      [1e12, 'T'],
      [1e9, 'G'],
      [1e6, 'M'],
      [1e3, 'k'],
    ] as const
  ).find(([s]) => n >= s) ?? [1, ''];
  return `${Number((n / scale).toPrecision(3))} ${unit}`.trim();
}

/** 1,780 images/s, 0.43 images/s. */
export const formatRate = (imagesPerSecond: number): string =>
  `${Number(imagesPerSecond.toPrecision(3)).toLocaleString('en-US')} images/s`;

/** 1 h 02 min, 3 min 20 s, 4.1 s. */
export function formatSeconds(seconds: number): string {
  if (!Number.isFinite(seconds)) return '–';
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60)];
  const pad = (n: number): string => String(n).padStart(2, '0');
  return hours > 0 ? `${hours} h ${pad(minutes)} min` : `${minutes} min ${pad(whole % 60)} s`;
}
