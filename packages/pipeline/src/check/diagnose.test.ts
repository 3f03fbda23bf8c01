import { describe, expect, it } from 'vitest';
import { answersOf, warningsOf } from './diagnose.js';
import { lookAtImages } from './look-at-images.js';

/** Logits of `count` images, image i for class `classOf(i)` by `margin`. */
const logits = (
  count: number,
  classes: number,
  margin: number,
  classOf: (i: number) => number,
): Float32Array => {
  const out = new Float32Array(count * classes);
  for (let i = 0; i < count; i++) out[i * classes + classOf(i)] = margin;
  return out;
};
const codes = (data: Float32Array, classes: number, total = 10_000): string[] =>
  warningsOf(answersOf(data, classes), total, (label) => `c${label}`).map(({ code }) => code);

describe('warningsOf', () => {
  it('has nothing to say of a teacher that knows its images', () => {
    expect(
      codes(
        logits(100, 10, 4, (i) => i % 10),
        10,
      ),
    ).toEqual([]);
  });

  it.each<[string, Float32Array, number, number, string[]]>([
    [
      'one answer for all',
      logits(100, 10, 4, (i) => (i === 3 ? 1 : 0)),
      10,
      1e4,
      ['near-constant', 'class-coverage'],
    ],
    ['few images', logits(100, 10, 4, (i) => i % 10), 10, 100, ['few-images']],
    ['a part of the classes', logits(100, 10, 4, (i) => i % 3), 10, 1e4, ['class-coverage']],
    ['no idea', logits(100, 10, 0.5, (i) => i % 10), 10, 1e4, ['unsure']],
    ['certainty', logits(100, 10, 400, (i) => i % 10), 10, 1e4, ['saturated']],
    ['broken numbers', logits(100, 10, NaN, (i) => i % 10), 10, 1e4, ['not-finite']],
  ])('warns of %s', (_, data, classes, total, expected) => {
    expect(codes(data, classes, total)).toEqual(expect.arrayContaining(expected));
  });

  it('asks less of few classes, and follows the labels where there are some', () => {
    const share = (frequent: number, classes: number) =>
      answersOf(
        logits(100, classes, 4, (i) => (i < frequent ? 0 : 1 + (i % (classes - 1)))),
        classes,
      );
    const found = (frequent: number, classes: number, labels: Parameters<typeof warningsOf>[3] = null) =>
      warningsOf(share(frequent, classes), 1e4, String, labels).map(({ code }) => code);
    expect(found(60, 10)).toEqual(['near-constant']);
    expect(found(60, 2)).toEqual([]);
    expect(found(95, 2)).toEqual(['near-constant']);
    expect(found(60, 10, { accuracy: 0.95, topShare: 0.6, covered: 10 })).toEqual([]);
    expect(found(40, 10, { accuracy: 0.2, topShare: 0.1, covered: 10 })).toEqual(['chance']);
    expect(found(10, 10, { accuracy: 0.1, topShare: 0.1, covered: 10 })).toEqual(['chance']);
  });

  it('names the one answer', () => {
    const [warning] = warningsOf(
      answersOf(
        logits(20, 3, 4, () => 2),
        3,
      ),
      1000,
      (label) => `c${label}`,
    );
    expect(warning!.message).toMatch(/100 % of the images are "c2"/);
  });

  it('expects no more classes than a sample of that size shows', () => {
    expect(
      codes(
        logits(20, 1000, 10, (i) => i * 7),
        1000,
        1e6,
      ),
    ).toEqual([]);
  });
});

it('finds copies and empty pictures', () => {
  const noise = Uint8Array.from({ length: 10 * 48 }, (_, i) => (i * 97) % 251);
  expect(lookAtImages(noise, 48)).toEqual([]);
  noise.copyWithin(48, 0, 48);
  noise.fill(200, 96, 144);
  expect(lookAtImages(noise, 48).map(({ code }) => code)).toEqual(['duplicates', 'flat-images']);
});
