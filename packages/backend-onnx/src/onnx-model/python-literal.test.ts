import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pythonLiteral } from './python-literal.js';

describe('a literal in Python syntax', () => {
  it.each<[string, unknown]>([
    ['[0.485, 0.456, 0.406]', [0.485, 0.456, 0.406]],
    ['(0.5, .25, 1e-3, -2.,)', [0.5, 0.25, 0.001, -2]],
    ['(0.5,)', [0.5]],
    ['(0.5)', 0.5],
    [
      "['cat', \"a dog's\", 'it\\'s', u'fox', 'tab\\t', '\\u00e9', '\\xe9']",
      ['cat', "a dog's", "it's", 'fox', 'tab\t', 'é', 'é'],
    ],
    [
      "{0: 'cat', 1: 'dog',}",
      {
        pairs: [
          [0, 'cat'],
          [1, 'dog'],
        ],
      },
    ],
    [
      "{'cat': 0, 'dog': 1}",
      {
        pairs: [
          ['cat', 0],
          ['dog', 1],
        ],
      },
    ],
    ["{'a', 'b'}", ['a', 'b']],
    ['{}', { pairs: [] }],
    ['[None, True, False]', [null, true, false]],
    ['[[0.5], (1, 2)]', [[0.5], [1, 2]]],
    ['array([0.485, 0.456], dtype=float32)', [0.485, 0.456]],
    ['[np.float64(0.485), np.float64(0.456)]', [0.485, 0.456]],
    ["tensor([0.5], device='cuda:0')", [0.5]],
    [
      "OrderedDict([(0, 'cat'), (1, 'dog')])",
      [
        [0, 'cat'],
        [1, 'dog'],
      ],
    ],
    [' [1,\n 2] ', [1, 2]],
    [`${'{'.repeat(40)}1${'}'.repeat(40)}`, Array.from({ length: 40 }).reduce((inner) => [inner], 1)],
  ])('%s is read', (text, value) => {
    expect(pythonLiteral(text)).toEqual(value);
  });

  it.each([
    '',
    '[',
    '[1',
    '[1 2]',
    "['a]",
    '{1: 2',
    '{1 2}',
    'name',
    'f(',
    '[1] 2',
    '1,2',
    '['.repeat(1000),
    'f('.repeat(1000),
    '[,]',
    `${'{'.repeat(60)}1${'}'.repeat(60)}`,
  ])('%s is none', (text) => {
    expect(pythonLiteral(text)).toBeUndefined();
  });

  it('of JSON without objects means the same', () => {
    const json = fc.letrec((tie) => ({
      value: fc.oneof(
        fc.string(),
        fc.integer(),
        fc.boolean(),
        fc.constant(null),
        fc.array(tie('value'), { maxLength: 3 }),
      ),
    })).value;
    fc.assert(
      fc.property(json, (value) => {
        expect(pythonLiteral(JSON.stringify(value))).toEqual(value);
      }),
    );
  });

  it('is read or not, and never throws', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom(...Array.from('[](){}\'":,1a\\ .')) }),
        (text) => void pythonLiteral(text),
      ),
    );
  });
});
