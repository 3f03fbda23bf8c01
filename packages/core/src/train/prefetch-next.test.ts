import { describe, expect, it } from 'vitest';
import { prefetchNext } from './prefetch-next.js';

/** Numbers below `count`; logs when one is requested and when the source is closed. */
async function* numbers(count: number, log: string[]): AsyncGenerator<number> {
  try {
    for (let i = 0; i < count; i++) {
      log.push(`request ${i}`);
      yield await Promise.resolve(i);
    }
  } finally {
    log.push('closed');
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

describe('prefetchNext', () => {
  it('gives every item in order', async () => {
    const items: number[] = [];
    for await (const item of prefetchNext(numbers(4, []))) items.push(item);
    expect(items).toEqual([0, 1, 2, 3]);
  });

  it('prepares one item while the one before is consumed, and no more', async () => {
    const log: string[] = [];
    for await (const item of prefetchNext(numbers(3, log))) {
      await turn();
      log.push(`consume ${item}`);
    }
    expect(log).toEqual([
      'request 0',
      'request 1',
      'consume 0',
      'request 2',
      'consume 1',
      'closed',
      'consume 2',
    ]);
  });

  it('does not wait for the next item before it gives one', async () => {
    let release = (): void => undefined;
    async function* slow(): AsyncGenerator<number> {
      yield 0;
      await new Promise<void>((resolve) => (release = resolve));
      yield 1;
    }
    const items: number[] = [];
    for await (const item of prefetchNext(slow())) {
      items.push(item);
      release(); // the second item is made while the first one is consumed
    }
    expect(items).toEqual([0, 1]);
  });

  it('closes the source where the consumer stops', async () => {
    const log: string[] = [];
    for await (const item of prefetchNext(numbers(10, log))) if (item === 1) break;
    expect(log.at(-1)).toBe('closed');
    expect(log).not.toContain('request 3');
  });

  it('throws an error in place of its item, after the items before it', async () => {
    const items: number[] = [];
    const read = async (): Promise<void> => {
      for await (const item of prefetchNext(failing())) {
        await turn(); // the next item has failed by now
        items.push(item);
      }
    };
    await expect(read()).rejects.toThrow('item 2 is damaged');
    expect(items).toEqual([0, 1]);
  });

  it('keeps an error of an item that nobody takes to itself', async () => {
    for await (const item of prefetchNext(failing())) {
      await turn();
      if (item === 1) break;
    }
  });

  it('gives nothing for an empty source', async () => {
    for await (const item of prefetchNext(numbers(0, []))) expect.fail(`got ${item}`);
  });
});

async function* failing(): AsyncGenerator<number> {
  yield 0;
  yield await Promise.resolve(1);
  throw new Error('item 2 is damaged');
}
