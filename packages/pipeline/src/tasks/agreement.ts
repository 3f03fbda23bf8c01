import type { TaskMetric } from '@anc/core';

/** Agreement with the teacher as a metric: what is compared and chosen by where there are no targets. */
export const AGREEMENT: TaskMetric = { name: 'agreement', better: 'higher' };
