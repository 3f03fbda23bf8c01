import { formatShare } from '../text/format.js';

/** What a trained student's `result.json` says that may choose it: nothing measured by the labels of the test images. */
export interface RankedStudent {
  readonly name: string;
  /** On the held-out images; null or absent where there are none, or no labels. */
  readonly validationError?: number | null | undefined;
  readonly agreement?: number | undefined;
}

export interface BestStudent {
  readonly name: string;
  /** Why, in words. */
  readonly reason: string;
}

/**
 * The best of several students: by the error on held-out images where every student has one, else by agreement with the
 * teacher. The first of equal ones. Null where neither is known of all of them.
 */
export function bestStudent(students: readonly RankedStudent[]): BestStudent | null {
  const errors = students.map(({ validationError }) => validationError ?? NaN);
  const agreements = students.map(({ agreement }) => agreement ?? NaN);
  const [values, what] = errors.every(Number.isFinite)
    ? [errors.map((error) => -error), 'error on the held-out images']
    : [agreements, 'agreement with the teacher'];
  if (students.length === 0 || !values.every(Number.isFinite)) return null;
  const best = values.indexOf(Math.max(...values));
  const superlative = what.startsWith('error') ? 'smallest' : 'largest';
  const { name } = students[best]!;
  return { name, reason: `it has the ${superlative} ${what} (${formatShare(Math.abs(values[best]!))})` };
}

/** The same students over several seeds: their means, as far as every seed has a number. */
export function meanOfSeeds(seeds: readonly (readonly RankedStudent[])[]): RankedStudent[] {
  const mean = (values: readonly (number | null | undefined)[]): number =>
    values.reduce<number>((sum, value) => sum + (value ?? NaN), 0) / values.length;
  return (seeds[0] ?? []).map(({ name }) => {
    const all = seeds.map((students) => students.find((student) => student.name === name));
    return {
      name,
      validationError: mean(all.map((student) => student?.validationError)),
      agreement: mean(all.map((student) => student?.agreement)),
    };
  });
}
