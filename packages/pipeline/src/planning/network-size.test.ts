import { expect, it } from 'vitest';
import { sizeWarning } from './network-size.js';

const teacher = { parameters: 900_000, flops: 4_000_000 };

it.each([
  ['a smaller student', { parameters: 100_000, flops: 500_000 }, teacher, null],
  [
    'a teacher of unknown size',
    { parameters: 100_000, flops: 500_000 },
    { parameters: NaN, flops: null },
    null,
  ],
  [
    'a teacher without counted parameters',
    { parameters: 100, flops: 100 },
    { parameters: 0, flops: NaN },
    null,
  ],
])('says nothing of %s', (_, student, of, expected) => {
  expect(sizeWarning(student, of)).toBe(expected);
});

it.each([
  ['more parameters', { parameters: 2_300_000, flops: 500_000 }, '2.3 M parameters against 900 k.'],
  ['as many FLOPs', { parameters: 1000, flops: 4_000_000 }, '4 M FLOPs against 4 M.'],
  [
    'both',
    { parameters: 2_300_000, flops: 7_000_000 },
    '2.3 M parameters against 900 k, 7 M FLOPs against 4 M.',
  ],
])('warns of %s', (_, student, numbers) => {
  expect(sizeWarning(student, teacher)).toBe(
    `the student is not smaller than the teacher: ${numbers} Choose a smaller one with --student.`,
  );
});
