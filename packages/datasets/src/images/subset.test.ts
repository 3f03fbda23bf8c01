import { type DatasetSplit } from '@anc/core';
import { describe, expect, it } from 'vitest';
import { MemoryImages } from './memory-images.js';
import { holdOut, limitIndices, limitSplit, splitByClass, splitByHash, subset } from './subset.js';

/** n images of 4 bytes; image i holds i, i + 1, i * 7, i * 13 (mod 256). */
const bytesOf = (n: number): Uint8Array =>
  Uint8Array.from({ length: n }, (_, i) => i).reduce(
    (bytes, i) => {
      bytes.set([i, i + 1, i * 7, i * 13], i * 4);
      return bytes;
    },
    new Uint8Array(n * 4),
  );
const source = (n: number): MemoryImages => new MemoryImages(bytesOf(n), [2, 2, 1]);

describe('subset', () => {
  it('reads the chosen images in the chosen order', async () => {
    const chosen = subset(source(10), Int32Array.of(7, 2));
    const out = new Uint8Array(8);
    await chosen.read(Int32Array.of(1, 0), out);
    expect([...out]).toEqual([2, 3, 14, 26, 7, 8, 49, 91]);
    expect(() => chosen.read(Int32Array.of(2), out)).toThrow(/no such image/);
  });

  it('rejects indices that the source does not have', () => {
    expect(() => subset(source(3), Int32Array.of(3))).toThrow(/no such image/);
  });

  it('has a fingerprint of its own', () => {
    const all = source(5);
    const prints = [all, subset(all, Int32Array.of(0, 1)), subset(all, Int32Array.of(1, 0))];
    expect(new Set(prints.map((part) => part.fingerprint)).size).toBe(3);
  });
});

describe('limitSplit', () => {
  it('keeps a seeded choice in which a smaller limit is part of a larger', () => {
    const small = limitIndices(100, 10, 3);
    const large = new Set(limitIndices(100, 30, 3));
    expect(small.length).toBe(10);
    expect([...small]).toEqual([...small].sort((a, b) => a - b));
    expect([...small].every((i) => large.has(i))).toBe(true);
    expect(limitIndices(100, 10, 4)).not.toEqual(small);
  });

  it('keeps images and labels together', async () => {
    const split: DatasetSplit = {
      images: source(50),
      labels: () => Promise.resolve(Int32Array.from({ length: 50 }, (_, i) => i)),
    };
    const part = limitSplit(split, 5, 1);
    const labels = await part.labels!();
    const out = new Uint8Array(20);
    await part.images.read(Int32Array.of(0, 1, 2, 3, 4), out);
    expect([0, 1, 2, 3, 4].map((i) => out[i * 4])).toEqual([...labels]);
  });

  it('gives all where there are no more, and refuses none', () => {
    const split: DatasetSplit = { images: source(4), labels: null };
    expect(limitSplit(split, 4, 0)).toBe(split);
    expect(() => limitSplit(split, 0, 0)).toThrow(/at least one/);
  });
});

describe('splitByHash', () => {
  it('puts every image on exactly one side, by a seed', async () => {
    const { train, held } = await splitByHash(source(200), 0.1, 5);
    expect(held.length).toBe(20);
    expect([...train, ...held].sort((a, b) => a - b)).toEqual(Array.from({ length: 200 }, (_, i) => i));
    expect(await splitByHash(source(200), 0.1, 5)).toEqual({ train, held });
    expect((await splitByHash(source(200), 0.1, 6)).held).not.toEqual(held);
  });

  it('depends on what the images are, not on where they stand', async () => {
    const reversed = subset(
      source(100),
      Int32Array.from({ length: 100 }, (_, i) => 99 - i),
    );
    const { held } = await splitByHash(source(100), 0.2, 1);
    const mirrored = (await splitByHash(reversed, 0.2, 1)).held.map((i) => 99 - i).sort();
    expect(mirrored).toEqual(held);
  });

  it('keeps copies of an image together', async () => {
    const twice = subset(
      source(100),
      Int32Array.from({ length: 200 }, (_, i) => i % 100),
    );
    const { held } = await splitByHash(twice, 0.2, 1);
    const copies = held.map((i) => i % 100);
    expect(new Set(copies).size).toBe(20);
  });

  it('reads no label', async () => {
    const split: DatasetSplit = { images: source(20), labels: () => Promise.reject(new Error('read')) };
    const { train, held } = await holdOut(split, 0.25, 0);
    expect([train.images.count, held.images.count]).toEqual([15, 5]);
    await expect(held.labels!()).rejects.toThrow('read');
  });

  it.each([0, 1, -0.5, Number.NaN, 0.001])('refuses a fraction of %s', async (fraction) => {
    await expect(splitByHash(source(20), fraction, 0)).rejects.toThrow(/both sides/);
  });
});

describe('a stratified split', () => {
  const labels = Int32Array.from({ length: 100 }, (_, i) => (i < 80 ? 0 : i < 98 ? 1 : 2));
  const split: DatasetSplit = { images: source(100), labels: () => Promise.resolve(labels) };

  it('holds out the same share of every class, and never all of one', async () => {
    const { train, held } = await holdOut(split, 0.5, 3, { stratified: true });
    const counts = async (part: DatasetSplit): Promise<number[]> => {
      const values = await part.labels!();
      return [0, 1, 2].map((label) => values.filter((value) => value === label).length);
    };
    expect(await counts(held)).toEqual([40, 9, 1]);
    expect(await counts(train)).toEqual([40, 9, 1]);
    expect(
      (await splitByClass(split.images, Int32Array.of(...new Array<number>(99).fill(0), 1), 0.9, 3)).held
        .length,
    ).toBe(89);
    expect(await splitByClass(split.images, labels, 0.5, 3)).toEqual(
      await splitByClass(split.images, labels, 0.5, 3),
    );
    expect((await splitByClass(split.images, labels, 0.5, 4)).held).not.toEqual((await splitByClass(split.images, labels, 0.5, 3)).held); // prettier-ignore
  });

  it('falls back to hashes where there are no labels, and refuses an empty side', async () => {
    const { held } = await holdOut({ images: source(20), labels: null }, 0.25, 0, { stratified: true });
    expect(held.images.count).toBe(5);
    await expect(splitByClass(source(3), Int32Array.of(0, 1, 2), 0.5, 0)).rejects.toThrow(/both sides/);
  });
});
