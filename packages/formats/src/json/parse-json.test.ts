import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseJson } from './parse-json.js';

const nested = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);

describe('JSON from a file', () => {
  it('is parsed as usual', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(parseJson(text)).toEqual(JSON.parse(text));
      }),
    );
    expect(parseJson(nested(200))).toHaveLength(1);
    expect(parseJson(JSON.stringify('\\"' + '['.repeat(300)))).toHaveLength(302);
  });

  it('is refused where a recursive walk would overflow the stack', () => {
    expect(() => parseJson(nested(1_000_000))).toThrow(SyntaxError);
    expect(() => parseJson('{"a":'.repeat(300) + '1' + '}'.repeat(300))).toThrow('nested more than 200');
  });

  it('is refused where it ends inside of a text', () => {
    for (const text of ['"', '"\\', '["a', '']) expect(() => parseJson(text)).toThrow(SyntaxError);
  });

  it('keeps the key __proto__ as a key', () => {
    expect(Object.keys(parseJson('{"__proto__":{"x":1}}') as object)).toEqual(['__proto__']);
  });
});
