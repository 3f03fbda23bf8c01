import { expect, it } from 'vitest';
import { bestStudent, meanOfSeeds } from './best-student.js';

it('chooses by the held-out images where every student has an error there', () => {
  const students = [
    { name: 'l2', validationError: 0.2, agreement: 0.9 },
    { name: 'kd', validationError: 0.1, agreement: 0.8 },
  ];
  expect(bestStudent(students)).toEqual({
    name: 'kd',
    reason: 'it has the smallest error on the held-out images (10.00 %)',
  });
  const partly = [students[0]!, { name: 'kd', validationError: null, agreement: 0.8 }];
  expect(bestStudent(partly)).toEqual({
    name: 'l2',
    reason: 'it has the largest agreement with the teacher (90.00 %)',
  });
});

it('never looks at the test error', () => {
  const students = [
    { name: 'a', testError: 0.01, agreement: 0.5 },
    { name: 'b', testError: 0.9, agreement: 0.6 },
  ];
  expect(bestStudent(students)!.name).toBe('b');
});

it('chooses the first of equal ones, and none where nothing is known', () => {
  expect(bestStudent([{ name: 'a', agreement: 0.5 }, { name: 'b', agreement: 0.5 }])!.name).toBe('a'); // prettier-ignore
  expect(bestStudent([{ name: 'a', agreement: 0.5 }, { name: 'b' }])).toBeNull();
  expect(bestStudent([])).toBeNull();
});

it('averages over seeds', () => {
  const seeds = [
    [{ name: 'l2', agreement: 0.8 }, { name: 'kd', agreement: 0.9, validationError: 0.1 }], // prettier-ignore
    [{ name: 'l2', agreement: 0.6 }, { name: 'kd', agreement: 0.4, validationError: 0.3 }], // prettier-ignore
  ];
  expect(meanOfSeeds(seeds)).toEqual([
    { name: 'l2', validationError: NaN, agreement: expect.closeTo(0.7) as number },
    { name: 'kd', validationError: expect.closeTo(0.2) as number, agreement: expect.closeTo(0.65) as number },
  ]);
});
