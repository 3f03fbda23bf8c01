import { Rng, type HostTensor } from '@anc/core';
import { describe, expect, it } from 'vitest';
import { decodeCompact, decodeWeights, encodeCompact, encodeWeights, storedBytes } from './compact.js';

const draw = (shape: number[], valueOf: (rng: Rng, index: number) => number): HostTensor => {
  const rng = Rng.fromSeed(1);
  const size = shape.reduce((a, b) => a * b);
  return { shape, data: Float32Array.from({ length: size }, (_, i) => valueOf(rng, i)) };
};

describe('compact weights', () => {
  const ternary = draw([3, 3, 5, 7], (rng) => [-0.3, 0, 0.7][rng.int(3)]!);
  const binary = draw([10, 9], (rng) => (rng.int(2) === 0 ? -0.125 : 0.125));
  const perFilter = draw([3, 3, 4, 6], (rng, i) => (rng.int(2) === 0 ? -1 : 1) * (1 + (i % 6)));
  const depthwise = draw([3, 3, 4, 1], (rng, i) => (rng.int(2) === 0 ? -1 : 1) * (1 + (i % 4)));

  it.each([
    ['three values per tensor', ternary, 5],
    ['two values per tensor', binary, 8],
    ['two values per filter', perFilter, 8],
    ['two values per depthwise filter', depthwise, 8],
    ['one value', draw([2, 3], () => 4), 8],
    ['zeros of both signs', draw([4, 2], (_, i) => [0, -0, 1][i % 3]!), 8],
  ])('restores %s exactly', (_what, weights, perByte) => {
    const encoded = encodeWeights('w', weights);
    const decoded = decodeWeights('w', encoded);
    expect(decoded.shape).toEqual(weights.shape);
    expect([...decoded.data].map((v) => v + 0)).toEqual([...weights.data].map((v) => v + 0));
    expect(encoded['w/codes']!.data.length).toBe(Math.ceil(weights.data.length / perByte));
  });

  it('leaves other entries unchanged and needs about a twentieth of the bytes', () => {
    const large = draw([3, 3, 64, 64], (rng) => [-0.3, 0, 0.7][rng.int(3)]!);
    const params = { 'conv/weights': large, 'conv/bias': draw([64], (rng) => rng.normal()) };
    const encoded = encodeCompact(params, ['conv/weights']);
    expect(encoded['conv/bias']).toBe(params['conv/bias']);
    expect(decodeCompact(encoded)).toEqual(params);
    expect(storedBytes(encoded)).toBeLessThan(storedBytes(params) / 18);
  });

  it('refuses weights with many values, and an incomplete encoding', () => {
    expect(() =>
      encodeWeights(
        'w',
        draw([4, 4], (rng) => rng.normal()),
      ),
    ).toThrow(/more than three different values/);
    const { 'w/codes': codes } = encodeWeights('w', binary);
    expect(() => decodeWeights('w', { 'w/codes': codes! })).toThrow(/missing or incomplete/);
  });
});
