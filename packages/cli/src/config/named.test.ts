import { describe, expect, it } from 'vitest';
import { describeNamed, formatNamed, parseNamed, splitTopLevel } from './named.js';

describe('parseNamed', () => {
  it.each([
    ['nin', { name: 'nin', options: {} }],
    ['onnx:webgpu', { name: 'onnx:webgpu', options: {} }],
    ['mlp(units=[64, 32])', { name: 'mlp', options: { units: [64, 32] } }],
    ['a(x=1, y=true, z=word)', { name: 'a', options: { x: 1, y: true, z: 'word' } }],
    ['a()', { name: 'a', options: {} }],
    ['my models/a b.onnx (layout=nhwc)', { name: 'my models/a b.onnx', options: { layout: 'nhwc' } }],
  ])('reads %s', (text, named) => {
    expect(parseNamed(text)).toEqual(named);
    expect(parseNamed(describeNamed(named))).toEqual(named);
  });

  it.each(['', 'a b', 'a(', 'a(x)', 'a(x=1', 'a(x=[1)'])('refuses "%s"', (text) => {
    expect(parseNamed(text)).toBeNull();
  });

  it('splits a list at commas outside of brackets', () => {
    expect(splitTopLevel('l2, kd(temperature=2, lambda=1),a(x=[1,2])')).toEqual([
      'l2',
      'kd(temperature=2, lambda=1)',
      'a(x=[1,2])',
    ]);
  });

  it('is a plain name in files where there are no options', () => {
    expect(formatNamed({ name: 'nin', options: {} })).toBe('nin');
    expect(formatNamed({ name: 'mlp', options: { units: [1] } })).toEqual({ name: 'mlp', units: [1] });
  });
});
