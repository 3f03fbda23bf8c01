import { AncError } from '@anc/core';
import { describe, expect, it } from 'vitest';
import { aboutOption, describePath, optionError, withPath } from './option-error.js';

const pathOf = (error: unknown): readonly PropertyKey[] | undefined => (error as AncError).detail.path;

describe('optionError', () => {
  it('starts with the path of the option, and keeps the problem without it', () => {
    const error = optionError(['methods', 1], 'expected a name.', { received: '3', hint: 'write a name.' });
    expect(error.code).toBe('ANC_CONFIG');
    expect(error.message).toBe('methods.1: expected a name.');
    expect(error.detail).toEqual({
      path: ['methods', 1],
      problem: 'expected a name.',
      received: '3',
      hint: 'write a name.',
    });
  });

  it('describes paths with dots', () => {
    expect(describePath(['objective', 'discriminator', 'units', 0])).toBe('objective.discriminator.units.0');
  });
});

describe('withPath', () => {
  it.each(['ANC_UNKNOWN', 'ANC_OPTIONS'] as const)('adds the path to %s', (code) => {
    const detail = { expected: 'one of nin, cnn', hint: 'did you mean "nin"?' };
    const error = withPath(new AncError(code, 'no model named "nim".', detail), ['student', 'model']);
    expect(error).toMatchObject({ code, message: 'no model named "nim".' });
    expect((error as AncError).detail).toEqual({ ...detail, path: ['student', 'model'] });
  });

  it('goes on with the path inside of the options, down to an unknown key', () => {
    const path = ['objective', 'discriminator'];
    const caused = (cause: object) =>
      pathOf(withPath(new AncError('ANC_OPTIONS', 'wrong.', { cause }), path));
    expect(caused({ path: ['units', 1] })).toEqual([...path, 'units', 1]);
    expect(caused({ keys: ['unitss', 'other'], path: [] })).toEqual([...path, 'unitss']);
    expect(caused({ keys: ['weights'], path: ['list', 0] })).toEqual([...path, 'list', 0, 'weights']);
    // Standard Schema allows segments that are objects with a key.
    expect(caused({ path: [{ key: 'recipe' }, 'rate'] })).toEqual([...path, 'recipe', 'rate']);
  });

  it('leaves a path that is there', () => {
    const inner = optionError(['objective', 'start'], 'too late.');
    const known = new AncError('ANC_OPTIONS', 'wrong.', { path: ['methods', 2] });
    expect(withPath(inner, ['methods', 0])).toBe(inner);
    expect(withPath(known, ['methods', 0])).toBe(known);
  });

  it('leaves errors that are about something else', () => {
    const missing = new AncError('ANC_DATA_MISSING', 'no file.');
    const bug = new TypeError('x is not a function');
    expect(withPath(missing, ['data', 'dataset'])).toBe(missing);
    expect(withPath(bug, ['data', 'dataset'])).toBe(bug);
    expect(withPath('text', ['data', 'dataset'])).toBe('text');
  });
});

describe('aboutOption', () => {
  it('returns what the work returns, now or later', async () => {
    await expect(aboutOption(['student', 'model'], () => 3)).resolves.toBe(3);
    await expect(aboutOption(['student', 'model'], () => Promise.resolve(4))).resolves.toBe(4);
  });

  it.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw new AncError('ANC_UNKNOWN', 'no such model.');
      },
    ],
    ['rejects', () => Promise.reject(new AncError('ANC_UNKNOWN', 'no such model.'))],
  ])('adds the path where the work %s', async (_how, work) => {
    const error: unknown = await aboutOption(['student', 'model'], work).catch((thrown: unknown) => thrown);
    expect(pathOf(error)).toEqual(['student', 'model']);
  });
});
