import { describe, expect, it, vi } from 'vitest';
import { readNamed } from './named.js';
import { readYaml } from './read-yaml.js';

const valueOf = (text: string): unknown => {
  const read = readYaml(text);
  return 'problem' in read ? read : read.value;
};

/** Aliases of aliases: 9^levels values. */
const laughs = (levels: number): string =>
  Array.from({ length: levels }, (_, i) => {
    const inside = i === 0 ? '"x"' : `*a${i - 1}`;
    return `a${i}: &a${i} [${new Array<string>(9).fill(inside).join()}]`;
  }).join('\n');

describe('YAML from anywhere', () => {
  it('is read, with aliases that have an anchor', () => {
    expect(valueOf('a: &x [1, 2]\nb: *x\n')).toEqual({ a: [1, 2], b: [1, 2] });
    expect(valueOf('')).toBeNull();
    expect(Object.keys(valueOf('constructor: 2') as object)).toEqual(['constructor']);
  });

  it.each([
    ['dataset: *glyphs', { line: 1, column: 10, problem: 'the alias *glyphs has no anchor before it' }],
    ['a: 1\nb: *b', { line: 2, column: 4, problem: 'the alias *b has no anchor before it' }],
    ['a: *x\nb: &x 1', { line: 1, column: 4, problem: 'the alias *x has no anchor before it' }],
    ['a: &a [*a]', { line: 1, column: 8, problem: 'the alias *a refers to what it is part of' }],
    ['a: {__proto__: 1}', { line: 1, column: 5, problem: 'the key __proto__ cannot be an option' }],
    [laughs(10), { line: 6, column: 10, problem: 'its aliases stand for more than 100000 values' }],
    ['\n' + '['.repeat(101), { line: 2, column: 101, problem: 'it is nested more than 100 levels deep' }],
    ['[1\nb', expect.objectContaining({ line: 2 })],
    ['x'.repeat((1 << 16) + 1), { line: 1, column: 1, problem: 'it has more than 65536 characters' }],
    [
      'a:\n  ' + '- '.repeat(30_000),
      { line: 2, column: 3, problem: 'it is nested more than 100 levels deep' },
    ],
  ])('has one problem with a place: %s', (text, problem) => {
    expect(valueOf(text)).toEqual(problem);
  });

  it('may be nested by indentation alone', () => {
    const text = Array.from({ length: 300 }, (_, i) => `${' '.repeat(i)}a:`).join('\n');
    expect(valueOf(text)).toMatchObject({ problem: 'it is nested more than 100 levels deep' });
    expect(valueOf('- '.repeat(20_000))).toMatchObject({ problem: 'it is nested more than 100 levels deep' });
  });
});

describe('a name with options', () => {
  it.each(['a(x=!tag red)', 'a(x={*n: 1})', 'a(x=\u001b[31m %y)', 'a(x=%y)'])(
    'warns of nothing beside its result: %j',
    (text) => {
      const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
      readNamed(text);
      expect(warn).not.toHaveBeenCalled();
      warn.mockRestore();
    },
  );

  it('has one problem, on one line and without a part of the text, and traces are as before', () => {
    const limit = Error.stackTraceLimit;
    const read = readNamed(`a(x=${'}'.repeat(2000)}\u001b)`);
    expect(read).toEqual({ problem: 'close every bracket.' });
    expect(readNamed('a(x="\u001b" \u001b "b")')).toEqual({
      problem: expect.stringMatching(/^the value of "x" cannot be read: [ -~]+$/) as string,
    });
    expect(Error.stackTraceLimit).toBe(limit);
  });

  it('keeps the option __proto__ as an option', () => {
    const read = readNamed('a(__proto__=1, constructor=2)');
    expect('options' in read && Object.entries(read.options)).toEqual([
      ['__proto__', 1],
      ['constructor', 2],
    ]);
  });

  it.each([
    ['an alias', 'a(x=&a [*a])', /cannot be read/],
    ['aliases of aliases', `a(x={${laughs(9).replaceAll('\n', ', ')}})`, /cannot be read/],
    ['too long a text', `a(x=${'1'.repeat(60_000)})`, /at most 50000/],
    ['spaces without an end', `a${' '.repeat(40_000)}=`, /name/],
    ['calls that are never closed', `a(x=${'[b('.repeat(15_000)})`, /close every bracket/],
  ])('is refused with %s', (_, text, problem) => {
    expect(readNamed(text)).toEqual({ problem: expect.stringMatching(problem) as string });
  });
});
