import { describe, expect, it } from 'vitest';
import { analyzePredictions } from './analyze-predictions.js';

const answers = (classes: readonly number[], confidences: readonly number[]) => ({
  classes: Int32Array.from(classes),
  confidences: Float32Array.from(confidences),
});

describe('analyzePredictions', () => {
  const student = answers([0, 1, 1, 2, 0], [0.95, 0.5, 0.75, 0.5, 1]);
  const teacher = answers([0, 0, 1, 1, 2], [0.5, 0.75, 0.5, 0.875, 0.25]);
  const names = ['a', 'b', 'c'];

  it('counts by class, confusions and probabilities', () => {
    const found = analyzePredictions({ student, teacher, labels: Int32Array.of(0, 1, 1, 1, 2), names });
    expect(found.disagreements).toBe(3);
    expect(found.perClass).toEqual([
      { name: 'a', teacher: 2, agreed: 1, labeled: 1, right: 1, teacherRight: 1 },
      { name: 'b', teacher: 2, agreed: 1, labeled: 3, right: 2, teacherRight: 2 },
      { name: 'c', teacher: 1, agreed: 0, labeled: 1, right: 0, teacherRight: 1 },
    ]);
    expect(found.confusion).toEqual({ classes: names, counts: [[1, 1, 0], [0, 1, 1], [1, 0, 0]] }); // prettier-ignore
    const bins = found.reliability.student;
    expect(bins).toHaveLength(10);
    expect(bins[5]).toEqual({ images: 2, confidence: 0.5, agreement: 0, accuracy: 0.5 });
    expect(bins[9]!.images).toBe(2); // 1 belongs to the last part
    expect(bins[0]).toEqual({ images: 0, confidence: 0, agreement: 0, accuracy: 0 });
    expect(found.reliability.teacher[5]).toEqual({ images: 2, confidence: 0.5, accuracy: 1 });
  });

  it('shows the disagreements in which both are surest first', () => {
    const { worst } = analyzePredictions({ student, teacher, labels: null, names });
    expect(worst.map(({ image }) => image)).toEqual([3, 1, 4]);
    expect(worst[0]).toEqual({
      image: 3,
      teacher: { class: 'b', confidence: 0.875 },
      student: { class: 'c', confidence: 0.5 },
    });
  });

  it('has no accuracy without labels', () => {
    const found = analyzePredictions({ student, teacher, labels: null, names });
    expect(JSON.stringify(found)).not.toMatch(/accuracy|right|labeled/);
    expect(found.reliability.teacher).toEqual([]);
  });

  it('leaves out of probabilities what a given teacher has no number for', () => {
    const given = answers([0, 0, 1, 1, 2], [0.5, NaN, 0.5, 0.875, 0.25]);
    const found = analyzePredictions({
      student,
      teacher: given,
      labels: Int32Array.of(0, 1, 1, 1, 2),
      names,
    });
    expect(found.disagreements).toBe(3);
    expect(found.reliability.teacher.reduce((sum, { images }) => sum + images, 0)).toBe(4);
    expect(found.worst.map(({ image }) => image)).toEqual([3, 4]);
  });

  it('is bounded where there are many classes: those with the most disagreements', () => {
    const count = 300;
    const many = Array.from({ length: count }, (_, i) => `class ${i}`);
    const images = 2000;
    const theirs = answers(
      Array.from({ length: images }, (_, i) => i % count),
      new Array<number>(images).fill(0.5),
    );
    const ours = answers(
      Array.from({ length: images }, (_, i) => (i % count === 250 ? 251 : i % count)),
      new Array<number>(images).fill(0.5),
    );
    const found = analyzePredictions({ student: ours, teacher: theirs, labels: null, names: many });
    expect(found.perClass).toHaveLength(100);
    expect(found.perClass.slice(0, 2).map(({ name }) => name)).toEqual(['class 250', 'class 251']);
    expect(found.confusion.classes).toHaveLength(21);
    expect(found.confusion.classes.at(-1)).toBe('others');
    expect(found.confusion.counts.flat().reduce((a, b) => a + b)).toBe(images);
    expect(found.worst.length).toBeLessThanOrEqual(20);
  });
});
