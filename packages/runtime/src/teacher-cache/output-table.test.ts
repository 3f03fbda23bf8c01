import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OutputTable } from './output-table.js';

describe('OutputTable', () => {
  it('returns the vectors that were added, over many chunks', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(1, 3, 100_000),
        fc.uniqueArray(fc.nat(), { maxLength: 20 }),
        (size, keys) => {
          const table = new OutputTable(size);
          keys.forEach((key, i) => table.add(key, new Float32Array(size).fill(i)));
          const out = new Float32Array(size);
          keys.forEach((key, i) => {
            expect(table.has(key)).toBe(true);
            table.copy(key, out);
            expect([out[0], out[size - 1]]).toEqual([i, i]);
          });
          expect(table.bytes).toBe(keys.length * table.entryBytes);
        },
      ),
      { numRuns: 30 },
    );
  });

  it('keeps the first vector of a key', () => {
    const table = new OutputTable(1);
    table.add(5, Float32Array.of(1));
    table.add(5, Float32Array.of(2));
    const out = new Float32Array(1);
    table.copy(5, out);
    expect(out[0]).toBe(1);
    expect(table.bytes).toBe(table.entryBytes);
    expect(table.has(6)).toBe(false);
  });

  it('keeps what is to be kept, in less memory, and takes more', () => {
    const table = new OutputTable(2);
    for (let key = 0; key < 9; key++) table.add(key, Float32Array.of(key, -key));
    const before = table.bytes;
    table.retain((key) => key % 3 === 0);
    table.add(11, Float32Array.of(11, -11));
    expect([...table.keys()]).toEqual([0, 3, 6, 11]);
    for (const key of table.keys()) {
      const found = new Float32Array(2);
      table.copy(key, found);
      expect(found).toEqual(Float32Array.of(key, -key));
    }
    expect(table.bytes).toBe((before * 4) / 9);
  });
});
