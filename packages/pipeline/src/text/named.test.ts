import { describe, expect, it } from 'vitest';
import { describeNamed, formatNamed, parseNamed, readNamed, splitTopLevel } from './named.js';

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

  it.each([
    ['a(d=mlp(units=[8, 8]))', { d: 'mlp(units=[8, 8])' }],
    ['a(l=[{in: x, d: mlp(units=[8, 8])}, b(y=1)])', { l: [{ in: 'x', d: 'mlp(units=[8, 8])' }, 'b(y=1)'] }],
    ['a(l=["mlp(units=[8])", \'no, call(x=1)\'])', { l: ['mlp(units=[8])', 'no, call(x=1)'] }],
    ['a(l=[photo(1).png, {b:c(d)}])', { l: ['photo(1).png', { 'b:c(d)': null }] }],
    ['a(u=12:30(x), t="(")', { t: '(', u: '12:30(x)' }],
    ['a(t=some text (x=1), u=[plain (words)])', { t: 'some text (x=1)', u: ['plain (words)'] }],
  ])('keeps names with options inside of values: %s', (text, options) => {
    expect(parseNamed(text)).toEqual({ name: 'a', options });
  });

  it.each([
    ['mlp(64,64)', /write the option's name before "64".*mlp\(units=\[64,64\]\)/],
    ['a(x=1, x=2)', /say the option "x" once/],
    ['resnet20(', /close every bracket/],
    ['a(y=1, x=[1)', /close every bracket/],
    ['a(x={b: 1, b: 2})', /the value of "x" cannot be read: Map keys must be unique/],
    ['a b', /a name has no spaces/],
  ])('says what is wrong with %s', (text, problem) => {
    expect(readNamed(text)).toEqual({ problem: expect.stringMatching(problem) as string });
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

  it('keeps options apart that are called like its own parts', () => {
    for (const options of [
      { name: 'x' },
      { options: { a: 1 } },
      { options: 3, b: 1 },
      { name: 'x', options: {} },
    ]) {
      expect(formatNamed({ name: 'mine', options })).toEqual({ name: 'mine', options });
    }
  });
});
