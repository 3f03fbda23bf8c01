import { formatSeconds } from '@anc/pipeline/options';

/** Seconds over which the rate of a transfer is taken. */
const WINDOW = 10;

/** What has come of a file so far, for one line: bytes, rate of the last seconds, time left. */
export class Transfer {
  #file = '';
  #seen: { at: number; bytes: number }[] = [];

  constructor(readonly now: () => number = () => performance.now() / 1000) {}

  describe(file: string, received: number, total: number | null): string {
    if (file !== this.#file) [this.#file, this.#seen] = [file, []];
    const at = this.now();
    if (at !== this.#seen.at(-1)?.at) this.#seen.push({ at, bytes: received });
    while (this.#seen.length > 2 && this.#seen[0]!.at < at - WINDOW) this.#seen.shift();
    const first = this.#seen[0]!;
    const rate = at > first.at ? (received - first.bytes) / (at - first.at) : 0;
    return [
      file,
      total === null ? formatBytes(received) : `${formatBytes(received)} of ${formatBytes(total)}`,
      ...(rate > 0 ? [`${formatBytes(rate)}/s`] : []),
      ...(rate > 0 && total !== null ? [`${formatSeconds((total - received) / rate)} left`] : []),
    ].join('  ');
  }
}

/** 26.4 MB: decimal units, as download pages write them. */
export function formatBytes(bytes: number): string {
  const [scale, unit] = (
    [
      [1e9, 'GB'],
      [1e6, 'MB'],
      [1e3, 'kB'],
    ] as const
  ).find(([size]) => bytes >= size) ?? [1, 'bytes'];
  const value = bytes / scale;
  return `${scale === 1 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${unit}`;
}
