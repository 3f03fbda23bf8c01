import type { AncError } from '@anc/core';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { validateOptionsNow } from './validate-options.js';

const entry = z.strictObject({ input: z.string(), weight: z.number().default(1) });
const schema = z.strictObject({
  depth: z.number().int().min(8).default(20),
  units: z.array(z.number().int().positive()).min(1).default([8]),
  list: z.array(entry).min(1).optional(),
  optimizer: z.strictObject({ rate: z.number().default(1) }).prefault({}),
  kind: z.enum(['plain', 'wide']).default('plain'),
  text: z.string().min(1).optional(),
});

function refusal(options: unknown): string {
  try {
    validateOptionsNow(schema, options, 'thing "x"');
  } catch (error) {
    return (error as AncError).describe();
  }
  return '';
}

describe('validateOptions', () => {
  it.each([
    [{ depth: 3 }, 'option "depth" of thing "x": expected at least 8.\n  received: 3'],
    [{ depth: 8.5 }, 'option "depth" of thing "x": expected a whole number.\n  received: 8.5'],
    [{ depth: NaN }, 'option "depth" of thing "x": expected a number.\n  received: NaN'],
    [{ depth: '20' }, 'option "depth" of thing "x": expected a number.\n  received: "20"'],
    [{ units: [] }, 'option "units" of thing "x": expected at least 1 in the list.\n  received: []'],
    [{ units: [4, 0] }, 'option "units.1" of thing "x": expected more than 0.\n  received: 0'],
    [{ text: '' }, 'option "text" of thing "x": expected at least 1 letter.\n  received: ""'],
    [{ kind: 'wid' }, 'option "kind" of thing "x": expected one of plain, wide.\n  received: "wid"'],
    [{ list: [{}] }, 'option "list.0.input" of thing "x": expected a string.\n  received: nothing'],
  ])('says what was expected and what was received: %j', (options, text) => {
    expect(refusal(options)).toBe(text);
  });

  it.each([
    [{ dept: 3 }, 'dept', 'depth, units, list, optimizer, kind, text', 'depth'],
    [{ list: [{ input: 'a' }, { input: 'b', weights: 2 }] }, 'list.1.weights', 'input, weight', 'weight'],
    [{ optimizer: { rat: 2 } }, 'optimizer.rat', 'rate', 'rate'],
  ])('names an unknown key by its path, and the keys of its level: %j', (options, key, known, meant) => {
    expect(refusal(options)).toBe(
      `thing "x" has no option "${key}".\n  expected: ${known}\n  did you mean "${meant}"?`,
    );
  });

  it('takes the sentence of a schema of another library', () => {
    const other = {
      '~standard': { version: 1, vendor: 'own', validate: () => ({ issues: [{ message: 'too odd' }] }) },
    } as const;
    expect(() => validateOptionsNow(other, {}, 'y')).toThrow('option "" of y: too odd.');
  });
});
