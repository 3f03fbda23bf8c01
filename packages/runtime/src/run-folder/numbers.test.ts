import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeNumbers, encodeNumbers } from './numbers.js';

describe('encodeNumbers', () => {
  it('writes what JSON cannot hold as words, at any depth', () => {
    expect(encodeNumbers({ loss: NaN, list: [-Infinity, { up: Infinity }], word: 'x', none: null })).toEqual({
      loss: 'NaN',
      list: ['-Infinity', { up: 'Infinity' }],
      word: 'x',
      none: null,
    });
  });

  it('is undone by decodeNumbers, through JSON', () => {
    const number = fc.oneof(fc.double(), fc.constantFrom(NaN, Infinity, -Infinity));
    // JSON has no -0, and the three words are reserved.
    const leaf = fc.oneof(
      number.map((x) => (x === 0 ? 0 : x)),
      fc.string().filter((text) => !/^(NaN|-?Infinity)$/.test(text)),
      fc.boolean(),
      fc.constant(null),
    );
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        leaf,
        fc.array(tie('tree')),
        fc.dictionary(fc.string(), tie('tree'), { noNullPrototype: true }),
      ),
    }));
    fc.assert(
      fc.property(tree, (value) => {
        expect(decodeNumbers(JSON.parse(JSON.stringify(encodeNumbers(value))))).toEqual(value);
      }),
    );
  });

  it('decodes the three words only', () => {
    expect(decodeNumbers(['NaN', '1', '', 'infinity', null])).toEqual([NaN, '1', '', 'infinity', null]);
  });
});
