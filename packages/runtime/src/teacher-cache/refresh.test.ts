import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DiskTable } from './disk-table.js';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'anc-refresh-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

describe('DiskTable.refresh', () => {
  it('finds what another table of the same folder has written meanwhile, once', async () => {
    const [one, other] = [await DiskTable.open(dir, 2, 4), await DiskTable.open(dir, 2, 4)];
    await other.add(7, Float32Array.of(1, 2));
    await one.refresh();
    expect(one.has(7)).toBe(false); // not written yet
    await other.flush();
    await writeFile(join(dir, 'damaged.rows'), 'no segment');
    await one.refresh();
    const { bytes } = one;
    await one.refresh();
    expect(one.bytes).toBe(bytes);
    const found = new Float32Array(2);
    await one.read([7], found);
    expect([...found]).toEqual([1, 2]);
    await one.close();
    await other.close();
  });
});
