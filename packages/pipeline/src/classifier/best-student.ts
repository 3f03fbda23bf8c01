import type { TaskMetric, Tree } from '@anc/core';
import { taskOfDocument } from '@anc/core/internal';
import { formatMetric, formatShare } from '../text/format.js';

/** What a trained student's `result.json` says that may choose it: nothing measured by the labels of the test images. */
export interface RankedStudent {
  readonly name: string;
  /** On the held-out images; null or absent where there are none, or no labels, and for other tasks. */
  readonly validationError?: number | null | undefined;
  /** The primary metric of other tasks on the held-out images, by name. */
  readonly validation?: Tree<number> | undefined;
  readonly agreement?: number | undefined;
}

export interface BestStudent {
  readonly name: string;
  /** Why, in words. */
  readonly reason: string;
}

const [ERROR] = taskOfDocument({}).metrics;

/**
 * The best of several students: by the primary metric of their task on held-out images where every student has one, else
 * by agreement with the teacher. The first of equal ones. Null where neither is known of all of them.
 */
export function bestStudent(
  students: readonly RankedStudent[],
  primary: TaskMetric = ERROR,
): BestStudent | null {
  const held = students.map(({ validation, validationError }) =>
    validation === undefined ? (validationError ?? NaN) : (validation[primary.name] ?? NaN),
  );
  const agreements = students.map(({ agreement }) => agreement ?? NaN);
  const byMetric = held.every(Number.isFinite);
  const values = byMetric ? held : agreements;
  if (students.length === 0 || !values.every(Number.isFinite)) return null;
  const isSmallest = byMetric && primary.better === 'lower';
  const best = values.indexOf(isSmallest ? Math.min(...values) : Math.max(...values));
  const value = values[best]!;
  const what = byMetric
    ? `${primary.name} on the held-out images (${formatMetric(value, primary)})`
    : `agreement with the teacher (${formatShare(value)})`;
  return {
    name: students[best]!.name,
    reason: `it has the ${isSmallest ? 'smallest' : 'largest'} ${what}`,
  };
}

/** The same students over several seeds: their means, as far as every seed has a number. */
export function meanOfSeeds(
  seeds: readonly (readonly RankedStudent[])[],
  primary: TaskMetric = ERROR,
): RankedStudent[] {
  const mean = (values: readonly (number | null | undefined)[]): number =>
    values.reduce<number>((sum, value) => sum + (value ?? NaN), 0) / values.length;
  return (seeds[0] ?? []).map(({ name, validation }) => {
    const all = seeds.map((students) => students.find((student) => student.name === name));
    return {
      name,
      validationError: mean(all.map((student) => student?.validationError)),
      ...(validation && {
        validation: { [primary.name]: mean(all.map((student) => student?.validation?.[primary.name])) },
      }),
      agreement: mean(all.map((student) => student?.agreement)),
    };
  });
}
