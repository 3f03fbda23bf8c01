import { describe, expect, it } from 'vitest';
import { AncError, isAncError, shapeError } from './error.js';

describe('AncError', () => {
  it('describes itself with expectation, finding and hint on lines of their own', () => {
    const error = new AncError('ANC_TEST', 'it failed.', {
      expected: 'one',
      received: 'two',
      hint: 'pass one.',
    });
    expect(error.describe()).toBe('it failed.\n  expected: one\n  received: two\n  pass one.');
    expect(new AncError('ANC_TEST', 'it failed.', { hint: 'retry.' }).describe()).toBe(
      'it failed.\n  retry.',
    );
    expect(new AncError('ANC_TEST', 'it failed.').describe()).toBe('it failed.');
  });

  it('describes itself in brief, whatever names and values it quotes', () => {
    const long = `start${'x'.repeat(1_000_000)}end`;
    const text = new AncError('ANC_TEST', long, { expected: long, received: long, hint: long }).describe();
    expect(text.length).toBeLessThan(12_000);
    expect(text.split('\n')).toHaveLength(4);
    expect(text).toMatch(/^start/);
    expect(text).toMatch(/\(1000008 characters\) … x+end\n/);
  });

  it('is an Error with a code, a name and its cause', () => {
    const cause = new TypeError('inner');
    const error = new AncError('ANC_TEST', 'outer', { cause });
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({ code: 'ANC_TEST', name: 'AncError', message: 'outer', cause });
    expect('cause' in new AncError('ANC_TEST', 'outer')).toBe(false);
  });
});

describe('isAncError', () => {
  it('recognizes an error of another copy of the package by its brand, and nothing else', () => {
    class Copy extends Error {}
    const foreign = Object.defineProperty(new Copy(), Symbol.for('@anc/error'), { value: true });
    expect(isAncError(new AncError('ANC_TEST', ''))).toBe(true);
    expect(isAncError(foreign)).toBe(true);
    for (const other of [new Error('ANC_TEST'), { code: 'ANC_TEST' }, null, undefined, 'ANC_TEST', 1]) {
      expect(isAncError(other)).toBe(false);
    }
  });
});

describe('shapeError', () => {
  it('writes both shapes, axes of any size as a question mark', () => {
    const error = shapeError('dense', [null, 'C', 3], [2, 4], 'flatten it.');
    expect(error).toMatchObject({
      code: 'ANC_SHAPE',
      message: 'dense: wrong shape.',
      detail: { expected: '[?, C, 3]', received: '[2, 4]', hint: 'flatten it.' },
    });
    expect(shapeError('dense', [1], []).detail).toEqual({ expected: '[1]', received: '[]' });
  });
});
