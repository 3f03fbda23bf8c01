import { describe, expect, it } from 'vitest';
import { earlierStudentNames, studentNames } from './student-names.js';

const namesOf = (...methods: readonly string[]): string[] => studentNames(methods.map((name) => ({ name })));

describe('studentNames', () => {
  it('are the names of the methods', () => {
    expect(namesOf('l2', 'kd')).toEqual(['l2', 'kd']);
    expect(namesOf()).toEqual([]);
  });

  it('number a method that occurs again, in the order of the list', () => {
    expect(namesOf('kd', 'l2', 'kd', 'kd', 'l2')).toEqual(['kd', 'l2', 'kd-2', 'kd-3', 'l2-2']);
  });

  it('are different where a method is itself named like a numbered one', () => {
    // Two students of one name would share a folder, and the second would be taken for finished.
    for (const methods of [
      ['kd-2', 'kd', 'kd'],
      ['kd', 'kd', 'kd-2'],
      ['kd', 'kd-2', 'kd', 'kd-2'],
    ]) {
      expect(new Set(namesOf(...methods)).size).toBe(methods.length);
    }
  });

  it('have no characters that a folder must not have, and stay different', () => {
    expect(namesOf('value:kd', '@acme/kd', 'value:kd', 'value-kd')).toEqual([
      'value-kd',
      '@acme-kd',
      'value-kd-2',
      'value-kd-3',
    ]);
  });
});

describe('earlierStudentNames', () => {
  it('are the methods as they are, numbered', () => {
    expect(earlierStudentNames([{ name: 'value:kd' }, { name: 'value:kd' }])).toEqual([
      'value:kd',
      'value:kd-2',
    ]);
  });
});
