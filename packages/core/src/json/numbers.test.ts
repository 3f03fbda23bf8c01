import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeNumber, decodeNumbers, encodeNumbers } from './numbers.js';

/** Through a file and back. */
const stored = (value: unknown): unknown => JSON.parse(JSON.stringify(encodeNumbers(value)));

describe('encodeNumbers', () => {
  it('writes as strings what JSON cannot hold, at any depth', () => {
    expect(
      encodeNumbers({ a: NaN, b: [1, Infinity, { c: -Infinity }], d: 'text', e: null, f: true }),
    ).toEqual({
      a: 'NaN',
      b: [1, 'Infinity', { c: '-Infinity' }],
      d: 'text',
      e: null,
      f: true,
    });
  });

  it('leaves out undefined fields, as JSON does', () => {
    expect(Object.keys(encodeNumbers({ a: undefined, b: 1 }) as object)).toEqual(['b']);
    expect(encodeNumbers([undefined, 1])).toEqual([null, 1]);
  });
});

describe('decodeNumbers', () => {
  it('reads numbers at and below the named fields, and nothing else', () => {
    const document = {
      testError: 'NaN',
      name: 'NaN',
      classes: ['zero', 'Infinity'],
      diagnostics: { gradientRatio: 'Infinity', deep: { list: ['-Infinity', 2] } },
    };
    expect(decodeNumbers(document, ['testError', 'diagnostics'])).toEqual({
      testError: NaN,
      name: 'NaN',
      classes: ['zero', 'Infinity'],
      diagnostics: { gradientRatio: Infinity, deep: { list: [-Infinity, 2] } },
    });
  });

  it('finds named fields below others and in arrays', () => {
    const document = { students: [{ name: 'Infinity', seconds: 'Infinity' }] };
    expect(decodeNumbers(document, ['seconds'])).toEqual({
      students: [{ name: 'Infinity', seconds: Infinity }],
    });
  });

  it('takes a value without text whole', () => {
    expect(decodeNumbers({ 'loss/data': 'NaN', list: ['-Infinity', 1] })).toEqual({
      'loss/data': NaN,
      list: [-Infinity, 1],
    });
    expect(decodeNumbers('Infinity')).toBe(Infinity);
  });

  it('reads no number from other text, even in a numeric field', () => {
    expect(decodeNumbers({ n: ['nan', '+Infinity', '1', '', ' NaN'] }, ['n'])).toEqual({
      n: ['nan', '+Infinity', '1', '', ' NaN'],
    });
  });

  it('gives back numbers and text alike after a round trip', () => {
    const number = fc.oneof(
      fc.constantFrom(NaN, Infinity, -Infinity),
      fc.double().map((value) => value + 0), // JSON writes -0 as 0
    );
    const text = fc.oneof(fc.constantFrom('NaN', 'Infinity', '-Infinity'), fc.string());
    const leaf = fc.record({ metrics: fc.dictionary(fc.string(), number), name: text, tags: fc.array(text) });
    fc.assert(
      fc.property(fc.array(leaf), (document) => {
        const read = decodeNumbers<typeof document>(stored(document), ['metrics']);
        expect(JSON.parse(JSON.stringify(read.map(({ name, tags }) => [name, tags])))).toEqual(
          document.map(({ name, tags }) => [name, tags]),
        );
        read.forEach(({ metrics }, i) => {
          expect({ ...metrics }).toEqual({ ...document[i]!.metrics });
        });
      }),
    );
  });
});

describe('decodeNumber', () => {
  it.each([
    [1.5, 1.5],
    ['NaN', NaN],
    ['Infinity', Infinity],
    ['-Infinity', -Infinity],
    [null, NaN],
    ['1', NaN],
    [undefined, NaN],
  ])('%j is %d', (value, expected) => {
    expect(decodeNumber(value)).toBe(expected);
  });
});
