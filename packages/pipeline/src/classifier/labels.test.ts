import { describe, expect, it } from 'vitest';
import { pairClasses } from './labels.js';

const dataset = { name: 'pets', classes: ['cat', 'dog'] };

describe('pairClasses', () => {
  it.each([
    [{ classes: 2, classNames: null }, null],
    [{ classes: 2, classNames: ['cat', 'dog'] }, null],
    [{ classes: 2, classNames: ['Katze', 'Hund'] }, null],
    [{ classes: 2, classNames: ['dog', 'cat'] }, Int32Array.of(1, 0)],
    [{ classes: 3, classNames: ['dog', 'fox', 'cat'] }, Int32Array.of(2, 0)],
  ])('%j', (classifier, map) => {
    expect(pairClasses('it', classifier, dataset)).toEqual(map);
  });

  it.each([
    { classes: 3, classNames: null },
    { classes: 3, classNames: ['dog', 'fox', 'owl'] },
  ])('refuses %j', (classifier) => {
    expect(() => pairClasses('it', classifier, dataset)).toThrow(
      expect.objectContaining({ code: 'ANC_CLASSES' }),
    );
  });
});
