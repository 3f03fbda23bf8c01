import { Rng } from '@anc/core';
import { describe, expect, it } from 'vitest';
import { findOtherOrder, orderWarning } from './class-order.js';

/** `per` images of each class, and the predictions of a classifier whose outputs are `order` of the labels. */
const images = (order: readonly number[], per: number, wrongEvery = Infinity) => {
  const labels = Int32Array.from({ length: order.length * per }, (_, i) => i % order.length);
  const predictions = labels.map((label, i) => order[i % wrongEvery === wrongEvery - 1 ? 0 : label]!);
  return [predictions, labels] as const;
};

describe('findOtherOrder', () => {
  it('finds a permutation, and two exchanged classes', () => {
    const text = [0, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2, 3]; // 1, 2, …, 12 as 1, 10, 11, 12, 2, …
    const found = findOtherOrder(...images(text, 4))!;
    expect([...found.order]).toEqual(text);
    expect([found.accuracy, found.permuted]).toEqual([1 / 12, 1]);
    const swapped = findOtherOrder(...images([0, 1, 2, 3, 5, 4], 20, 9))!;
    expect([...swapped.order]).toEqual([0, 1, 2, 3, 5, 4]);
  });

  it('finds two exchanged classes of few images', () => {
    expect([...findOtherOrder(...images([1, 0], 8))!.order]).toEqual([1, 0]);
  });

  it('finds none where predictions are right, constant or of one image per class', () => {
    expect(findOtherOrder(...images([0, 1, 2, 3], 20, 3))).toBeNull();
    expect(
      findOtherOrder(
        new Int32Array(60),
        Int32Array.from({ length: 60 }, (_, i) => i % 6),
      ),
    ).toBeNull();
    expect(findOtherOrder(...images([1, 2, 3, 4, 0], 1))).toBeNull();
  });

  it('finds none in chance', () => {
    const rng = Rng.fromSeed(1);
    for (let trial = 0; trial < 500; trial++) {
      const [classes, count] = [2 + (trial % 11), 20 + rng.int(200)];
      const labels = Int32Array.from({ length: count }, (_, i) => i % classes);
      expect(
        findOtherOrder(
          labels.map(() => rng.int(classes)),
          labels,
        ),
      ).toBeNull();
    }
  });
});

describe('orderWarning', () => {
  it('says what would be right in which order, and how to set it', () => {
    const names = ['1', '2', '10', '11'];
    const text = orderWarning({ accuracy: 0.25, permuted: 1, order: Int32Array.of(0, 3, 1, 2) }, names, true);
    expect(text).toContain('25.0 %');
    expect(text).toContain('100.0 % (2 is output 3, 10 is output 1, 11 is output 2)');
    expect(text).toContain('image-folder(classOrder=text)');
    const other = orderWarning(
      { accuracy: 0, permuted: 1, order: Int32Array.of(1, 0) },
      ['cat', 'dog'],
      true,
    );
    expect(other).toContain('--classes');
  });
});
