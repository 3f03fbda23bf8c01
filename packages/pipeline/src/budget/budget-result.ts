import { sizeOf, type HostTensor, type Variables } from '@anc/core';
import type { StudentOptions } from '../options/run-options.js';
import { describeNamed, type Named } from '../text/named.js';
import type { Costs } from './choose.js';
import { limitsOf, type Limits } from './limits.js';
import { costsInWords } from './words.js';

/** A budget, and what the student that was chosen for it costs. */
export interface BudgetResult {
  readonly limits: Limits;
  readonly costs: Costs;
}

/** What a run's student costs. */
interface PlannedStudent {
  readonly model: Named;
  readonly initial: Variables<HostTensor>;
  readonly parameters: number;
  readonly flops: number;
}

/** The budget of a run for its result; null where it has none. */
export function budgetResult(
  student: StudentOptions,
  network: PlannedStudent | undefined,
): BudgetResult | null {
  const limits = limitsOf(student);
  if (limits === null || network === undefined) return null;
  const { parameters, flops, initial } = network;
  const numbers = [initial.params, initial.stats].flatMap((tree) => Object.values(tree));
  const bytes = 4 * numbers.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  return { limits, costs: { parameters, flops, bytes } };
}

/** One sentence of it. */
export const budgetInWords = (student: StudentOptions, { limits, costs }: BudgetResult): string =>
  `the student ${describeNamed(student.model)} was chosen for a budget: ${costsInWords(costs, limits)}` +
  `${limits.ms === undefined ? '' : `, a measured forward pass of one image of at most ${limits.ms} ms`}.`;
