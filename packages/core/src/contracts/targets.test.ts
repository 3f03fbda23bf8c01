import { describe, expect, it } from 'vitest';
import type { DatasetSplit } from './dataset.js';
import { readTargets, targetsOf, type TargetSource } from './targets.js';

const images = { count: 3, shape: [1, 1, 1], fingerprint: '', read: () => undefined } as const;
const split = (more: Partial<DatasetSplit>): DatasetSplit => ({ images, labels: null, ...more });

describe('targetsOf', () => {
  it('gives labels as targets without a shape', async () => {
    const source = await targetsOf(split({ labels: () => Promise.resolve(Int32Array.of(5, 6, 7)) }))!();
    expect(source.shape).toEqual([]);
    expect([...(await readTargets(source, Int32Array.of(2, 0)))]).toEqual([7, 5]);
  });

  it('refuses labels of another number than images', async () => {
    const opened = targetsOf(split({ labels: () => Promise.resolve(Int32Array.of(5)) }))!();
    await expect(opened).rejects.toMatchObject({ code: 'ANC_DATA_LABELS' });
  });

  it('gives targets of a shape image after image, and nothing where there is none', async () => {
    const masks: TargetSource = {
      shape: [2],
      read: (indices, out) => indices.forEach((index, i) => out.set([index, 10 * index], 2 * i)),
    };
    const source = await targetsOf(split({ targets: () => Promise.resolve(masks) }))!();
    expect([...(await readTargets(source, Int32Array.of(1, 2)))]).toEqual([1, 10, 2, 20]);
    expect(targetsOf(split({}))).toBeNull();
    expect(targetsOf(split({ targets: null }))).toBeNull();
  });

  it('opens nothing before it is called', () => {
    let opened = 0;
    const labels = () => (opened++, Promise.resolve(new Int32Array(3)));
    targetsOf(split({ labels }));
    expect(opened).toBe(0);
  });
});
