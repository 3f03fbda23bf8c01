import { describe, expect, it } from 'vitest';
import { prefetch } from './prefetch.js';

const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('prefetch', () => {
  it('prepares the next item while the current one is in use, and no more than `depth`', async () => {
    const made: number[] = [];
    async function* numbers(): AsyncGenerator<number> {
      for (let i = 0; i < 6; i++) {
        await tick();
        made.push(i);
        yield i;
      }
    }
    const seen: number[] = [];
    for await (const n of prefetch(numbers(), 2)) {
      for (let i = 0; i < 10; i++) await tick();
      expect(made.length).toBe(Math.min(6, n + 3));
      seen.push(n);
    }
    expect(seen).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it('throws an error when its item is due', async () => {
    async function* failing(): AsyncGenerator<number> {
      yield 1;
      await tick();
      throw new Error('disk');
    }
    const seen: number[] = [];
    await expect(
      (async () => {
        for await (const n of prefetch(failing(), 3)) seen.push(n);
      })(),
    ).rejects.toThrow('disk');
    expect(seen).toEqual([1]);
  });

  it('ends its source when the reader stops early', async () => {
    let ended = false;
    async function* endless(): AsyncGenerator<number> {
      try {
        for (let i = 0; ; i++) yield i;
      } finally {
        ended = true;
      }
    }
    for await (const n of prefetch(endless())) if (n === 3) break;
    expect(ended).toBe(true);
  });
});
