import type { AncError } from '@anc/core';
import { describe, expect, it } from 'vitest';
import { pairClasses } from './labels.js';

const dataset = { name: 'pets', classes: ['cat', 'dog'] };
const folders = { ...dataset, classesAreFolders: true };

describe('pairClasses', () => {
  it.each([
    [{ classes: 2, classNames: null }, null],
    [{ classes: 2, classNames: ['cat', 'dog'] }, null],
    [{ classes: 2, classNames: ['Katze', 'Hund'] }, null],
    [{ classes: 2, classNames: ['dog', 'cat'] }, Int32Array.of(1, 0)],
    [{ classes: 2, classNames: ['Dog', 'CAT'] }, Int32Array.of(1, 0)],
    [{ classes: 3, classNames: ['dog', 'fox', 'cat'] }, Int32Array.of(2, 0)],
  ])('%j', (classifier, map) => {
    expect(pairClasses('it', classifier, dataset).map).toEqual(map);
  });

  it.each([
    { classes: 3, classNames: null },
    { classes: 3, classNames: ['dog', 'fox', 'owl'] },
    { classes: 2, classNames: ['dog', 'fox'] }, // the first place is another class's
  ])('refuses %j', (classifier) => {
    expect(() => pairClasses('it', classifier, dataset)).toThrow(
      expect.objectContaining({ code: 'ANC_CLASSES' }),
    );
  });

  it('says how classes were paired where no name says it', () => {
    const unnamed = { classes: 2, classNames: null };
    expect(pairClasses('it', unnamed, dataset).notice).toBeNull(); // a published order
    expect(pairClasses('it', unnamed, folders)).toEqual({
      map: null,
      by: 'position',
      notice: expect.stringMatching(/does not name its classes.*by position: 0 = cat, 1 = dog\.$/) as string,
    });
    const numbered = { classes: 2, classNames: ['0', '1'] };
    expect(pairClasses('it', numbered, { ...folders, classes: ['1', '2'] }).by).toBe('position');
    const other = { classes: 2, classNames: ['Katze', 'Hund'] };
    expect(pairClasses('it', other, folders).notice).toContain('0 (Katze) = cat, 1 (Hund) = dog');
    expect(pairClasses('it', { classes: 2, classNames: ['dog', 'cat'] }, folders).notice).toBeNull();
  });
});

it('names a few of many classes that are missing, and says that there are more', () => {
  const names = (count: number, of: string) => Array.from({ length: count }, (_, i) => `${of}${i}`);
  const pair = (count: number) => () =>
    pairClasses(
      'it',
      { classes: 3, classNames: names(3, 'x') },
      { name: 'photos', classes: names(count, 'y') },
    );
  const expected = (count: number): unknown => {
    try {
      return pair(count)();
    } catch (error) {
      return (error as AncError).detail.expected;
    }
  };
  expect(expected(10)).toBe('10 classes, as the dataset has: also y0, y1, y2, y3, y4, y5, …');
  expect(expected(6)).toBe('6 classes, as the dataset has: also y0, y1, y2, y3, y4, y5');
});
