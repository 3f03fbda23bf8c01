import type { HostTensor, Tree } from '@anc/core';
import { logitsOf, RankGroup } from '@anc/core/internal';
import { describe, expect, it } from 'vitest';
import { localCollectives } from '../src/index.js';

const COUNT = 23;
const images = {
  count: COUNT,
  shape: [1, 1, 1] as const,
  fingerprint: 'bytes',
  read(indices: Int32Array, out: Uint8Array) {
    out.set(indices);
    return Promise.resolve();
  },
};

/** Two logits of each byte; counts the batches that it computed. */
function network() {
  const calls = { count: 0 };
  const run = ({ images: { shape, data } = { shape: [], data: new Uint8Array() } }: Tree<HostTensor>) => {
    calls.count++;
    const logits = Float32Array.from({ length: 2 * data.length }, (_, i) => data[i >> 1]! / 7 + (i % 2));
    return Promise.resolve({ logits: { shape: [shape[0]!, 2], data: logits } });
  };
  return { run, calls };
}

describe('batches of a split that ranks divide', () => {
  it.each([1, 2, 3, 7])('%i ranks compute each batch once, and all have all logits', async (ranks) => {
    const alone = await logitsOf(network(), { images }, 4);
    const groups = localCollectives(ranks).map((one) => new RankGroup(one));
    const networks = groups.map(network);
    const found = await Promise.all(
      groups.map((group, i) => logitsOf(networks[i]!, { images }, 4, undefined, undefined, group)),
    );
    for (const logits of found) expect(logits).toEqual(alone);
    expect(networks.reduce((sum, { calls }) => sum + calls.count, 0)).toBe(Math.ceil(COUNT / 4));
  });
});
