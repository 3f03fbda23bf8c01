/**
 * Whether agreement alone misleads: a constant prediction of the teacher's most frequent class reaches more than twice
 * what it would if all classes were equally frequent, or more than 75 % where there are two.
 */
export const kappaMatters = (baseline: number | undefined, classes: number): boolean =>
  baseline !== undefined && baseline > Math.min(0.75, 2 / classes);
