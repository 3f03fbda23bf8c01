/** How durations are written, for errors. */
export const DURATION_FORM = 'a duration above 0: seconds, or a text such as 90s, 30m, 1.5h or 1h30m';

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, min: 60, h: 3600 };

/** Seconds of a number of them, or of a text: `90`, `90s`, `30m`, `1.5h`, `1h30m`. Null for anything else. */
export function readDuration(value: number | string): number | null {
  const text = String(value).trim();
  if (/^\d+(?:\.\d+)?(?:e[+-]?\d+)?$/.test(text)) return positive(Number(text));
  if (!/^(?:\d+(?:\.\d+)?\s*(?:h|min|m|s)\s*)+$/.test(text)) return null;
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)\s*(h|min|m|s)/g)];
  const units = parts.map(([, , unit]) => UNITS[unit!]!);
  if (units.some((unit, i) => i > 0 && unit >= units[i - 1]!)) return null; // 5s3h, 1m1m
  return positive(parts.reduce((sum, [, digits], i) => sum + Number(digits) * units[i]!, 0));
}

const positive = (seconds: number): number | null =>
  Number.isFinite(seconds) && seconds > 0 ? seconds : null;
