import { describe, expect, it } from 'vitest';
import { formatBytes, Transfer } from './transfer.js';

describe('Transfer', () => {
  it('gives the rate of the last seconds and the time left, anew for each file', () => {
    let now = 0;
    const transfer = new Transfer(() => now);
    expect(transfer.describe('a.gz', 1_000_000, 21_000_000)).toBe('a.gz  1.0 MB of 21.0 MB');
    now = 2;
    expect(transfer.describe('a.gz', 5_000_000, 21_000_000)).toBe(
      'a.gz  5.0 MB of 21.0 MB  2.0 MB/s  8.0 s left',
    );
    now = 100; // long silence: what came before the window does not count
    transfer.describe('a.gz', 5_000_000, 21_000_000);
    now = 101;
    expect(transfer.describe('a.gz', 6_000_000, 21_000_000)).toContain('1.0 MB/s');
    expect(transfer.describe('b.gz', 500, null)).toBe('b.gz  500 bytes');
  });

  it.each([
    [999, '999 bytes'],
    [1500, '1.5 kB'],
    [26_421_880, '26.4 MB'],
    [182_040_794, '182 MB'],
    [1_329_278_602, '1.3 GB'],
  ])('writes %i as %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });
});
