import { encodeNumbers } from '@anc/core/internal';
import { describe, expect, it } from 'vitest';
import { readDocument } from './read-document.js';

describe('readDocument', () => {
  it('reads what was written, with the numbers that JSON cannot hold', () => {
    const document = {
      seconds: NaN,
      students: [
        { diagnostics: { gradientRatio: Infinity, other: -Infinity }, testError: null, agreement: 0.5 },
      ],
      names: ['nan', 'Infinity War', ''],
    };
    expect(readDocument(JSON.stringify(encodeNumbers(document)))).toEqual(document);
  });

  it('reads counts that nobody counted as null, also where an earlier version wrote "NaN"', () => {
    expect(
      readDocument('{"teacher": {"parameters": "NaN", "flops": "NaN"}, "students": [{"flops": null}]}'),
    ).toEqual({
      teacher: { parameters: null, flops: null },
      students: [{ flops: null }],
    });
  });

  it('throws where the text is no JSON', () => {
    expect(() => readDocument('{"a":')).toThrow(SyntaxError);
  });

  it('gives documents of earlier versions the current names of their fields', () => {
    const lines = ['no difference is larger than chance'];
    expect(readDocument('{"seed": 1, "reading": ["no difference is larger than chance"]}')).toEqual({
      seed: 1,
      reading: lines,
      interpretation: lines,
    });
    expect(readDocument('{"comparisons": [{"reading": []}]}')).toEqual({
      comparisons: [{ reading: [], interpretation: [] }],
    });
    expect(readDocument('{"reading": ["old"], "interpretation": ["new"]}')).toEqual({
      reading: ['old'],
      interpretation: ['new'],
    });
  });
});
