import { describe, expect, it } from 'vitest';
import { Rng } from './rng.js';

describe('Rng', () => {
  it('gives the same stream for the same path and another for another', () => {
    const draw = (rng: Rng): number[] => Array.from({ length: 4 }, () => rng.uniform());
    const root = Rng.fromSeed(7);
    expect(draw(root.split('a'))).toEqual(draw(Rng.fromSeed(7).split('a')));
    expect(draw(root.split('a'))).not.toEqual(draw(root.split('b')));
    expect(draw(root.split('a', 'b'))).not.toEqual(draw(root.split('ab')));
  });

  it('splits independently of what was drawn before', () => {
    const [fresh, used] = [Rng.fromSeed(1), Rng.fromSeed(1)];
    for (let i = 0; i < 10; i++) used.uniform();
    expect(used.split('x').uniform()).toBe(fresh.split('x').uniform());
  });

  it('draws uniform and normal numbers of the right moments over many short keys', () => {
    const n = 20_000;
    const uniform = Array.from({ length: n }, (_, i) => Rng.fromSeed(i).uniform());
    const mean = uniform.reduce((a, b) => a + b) / n;
    expect(Math.abs(mean - 0.5)).toBeLessThan(0.01);
    const rng = Rng.fromSeed(3);
    const normal = Array.from({ length: n }, () => rng.normal());
    const variance = normal.reduce((a, b) => a + b * b, 0) / n;
    expect(Math.abs(variance - 1)).toBeLessThan(0.04);
  });

  it.each([1, 2, 7, 784, 1025, 3000])('gives %i normal numbers at once as it does one by one', (n) => {
    for (const drawnBefore of [0, 1]) {
      const [bulk, single] = [Rng.fromSeed(5), Rng.fromSeed(5)];
      for (let i = 0; i < drawnBefore; i++) expect(bulk.normal()).toBe(single.normal());
      const numbers = new Float64Array(n);
      bulk.normals(numbers);
      expect([...numbers]).toEqual(Array.from({ length: n }, () => single.normal()));
      expect(bulk.normal()).toBe(single.normal());
      expect(bulk.uniform()).toBe(single.uniform());
    }
  });

  it('continues after a tensor was filled, and fills the next one with other numbers', () => {
    const [once, twice] = [new Float32Array(64), new Float32Array(32)];
    Rng.fromSeed(4).fillNormal(once, 1);
    const rng = Rng.fromSeed(4);
    rng.fillNormal(twice, 1);
    expect([...twice]).toEqual([...once.subarray(0, 32)]);
    rng.fillNormal(twice, 1);
    expect([...twice]).toEqual([...once.subarray(32)]);
  });

  it('tosses coins of the given bias', () => {
    const rng = Rng.fromSeed(8);
    const n = 20_000;
    for (const p of [0, 0.3, 0.5, 1]) {
      const heads = Array.from({ length: n }, () => rng.bernoulli(p)).filter(Boolean).length;
      expect(Math.abs(heads / n - p)).toBeLessThan(0.015);
    }
  });

  it('permutes: every number once', () => {
    const order = Rng.fromSeed(5).permutation(100);
    expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, i) => i));
    expect([...order]).not.toEqual([...order].sort((a, b) => a - b));
  });
});

describe('Rng.still', () => {
  it('leaves tensors as they are and gives constants', () => {
    const rng = Rng.still().split('init', 3);
    const data = new Float32Array(3);
    rng.fillNormal(data, 1);
    expect([...data, rng.uniform(), rng.normal()]).toEqual([0, 0, 0, 0.5, 0]);
  });
});
