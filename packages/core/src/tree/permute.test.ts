import { describe, expect, it } from 'vitest';
import { permuted } from './permute.js';

describe('permuted', () => {
  it.each([
    [
      [3, 2, 4, 5],
      [2, 3, 1, 0],
    ],
    [
      [70, 3, 3, 3],
      [2, 3, 1, 0],
    ],
    [
      [40, 65],
      [1, 0],
    ],
    [
      [6, 1, 3, 3],
      [2, 3, 0, 1],
    ],
    [
      [2, 3, 4],
      [2, 0, 1],
    ],
    [[5], [0]],
  ])('%j by %j', (shape, axes) => {
    const size = shape.reduce((a, b) => a * b, 1);
    const found = permuted(
      Float32Array.from({ length: size }, (_, i) => i),
      shape,
      axes,
    );
    const sizes = axes.map((axis) => shape[axis]!);
    const place = (index: readonly number[], of: readonly number[]): number =>
      index.reduce((sum, n, axis) => sum * of[axis]! + n, 0);
    for (let at = 0; at < size; at++) {
      const index = sizes.map(
        (n, axis) => Math.floor(at / sizes.slice(axis + 1).reduce((a, b) => a * b, 1)) % n,
      );
      const source = shape.map((_, axis) => index[axes.indexOf(axis)]!);
      expect(found[at]).toBe(place(source, shape));
    }
  });

  it.each([
    [
      [1, 0],
      [1, 3, 5, 2, 4, 6],
    ],
    [[0, 1], null],
  ])('writes to the given memory where an axis moves: %j', (axes, expected) => {
    const data = Float32Array.of(1, 2, 3, 4, 5, 6);
    const given = new Float32Array(6);
    const found = permuted(data, [3, 2], axes, given);
    expect(found).toBe(expected === null ? data : given);
    if (expected !== null) expect([...given]).toEqual(expected);
  });
});
