import { expect, it } from 'vitest';
import { measureInterleaved } from './measure.js';

const images = (size: number) => ({ shape: [size, 1, 1, 1], data: new Uint8Array(size) });

/** Rows that take so many milliseconds on a clock of their own, and the order in which they were called. */
function rowsOf(...durations: readonly ((call: number) => number)[]) {
  let time = 0;
  const calls: number[] = [];
  const counts = durations.map(() => 0);
  const rows = durations.map((duration, i) => ({
    run: () => {
      calls.push(i);
      time += duration(counts[i]!++);
      return Promise.resolve();
    },
  }));
  return { rows, calls, now: () => time };
}

it('gives medians and quantiles of every row, without the calls before', async () => {
  const { rows, now } = rowsOf(
    (call) => (call < 3 ? 1000 : 2), // slow until it is warm
    (call) => (call % 20 === 0 ? 40 : 4), // now and then disturbed
  );
  const [a, b] = await measureInterleaved(rows, [images(1), images(8)], { seconds: 1, now });
  expect(a).toMatchObject({ size: 1, p50: 2, p95: 2, imagesPerSecond: 500 });
  expect(b).toMatchObject({ size: 8, p50: 4, imagesPerSecond: 2000 });
  expect(b!.p95).toBeGreaterThanOrEqual(4);
  expect(a!.rounds).toBe(b!.rounds);
  expect(a!.rounds).toBeGreaterThan(100); // 2 s, about 8 ms a round
});

it('calls every row once in a round, in changing order, and the same order again', async () => {
  const { rows, calls, now } = rowsOf(...[1, 1, 1].map((duration) => () => duration));
  await measureInterleaved(rows, [images(1), images(1), images(1)], { seconds: 0.01, now });
  const rounds = Array.from({ length: (calls.length - 9) / 3 }, (_, i) => calls.slice(9 + 3 * i, 12 + 3 * i));
  for (const round of rounds) expect([...round].sort()).toEqual([0, 1, 2]);
  expect(new Set(rounds.map(String)).size).toBeGreaterThan(2);
  const again = rowsOf(...[1, 1, 1].map((duration) => () => duration));
  await measureInterleaved(again.rows, [images(1), images(1), images(1)], { seconds: 0.01, now: again.now });
  expect(again.calls).toEqual(calls);
});

it('measures slow rows a few times, and stops where that is wanted', async () => {
  const { rows, now } = rowsOf(() => 5000);
  const [slow] = await measureInterleaved(rows, [images(1)], { seconds: 0.1, now });
  expect(slow).toMatchObject({ rounds: 7, p50: 5000 });
  const stopped = measureInterleaved(rows, [images(1)], { seconds: 1, now, signal: AbortSignal.abort() });
  await expect(stopped).rejects.toMatchObject({ name: 'AbortError' });
});
