import { inspectionWarnings } from '../planning/inspect-teacher.js';
import { sizeOf, sizeWarning } from '../planning/network-size.js';
import type { Plan } from '../planning/plan.js';

/** What was warned of at the start, once more beside the results. */
export function closingWarnings({ teacher, students, inspection }: Plan): string[] {
  const sizes = students.flatMap(({ network }) => sizeWarning(network, sizeOf(teacher)) ?? []);
  return [
    ...(inspection === null ? [] : inspectionWarnings(inspection)),
    ...[...new Set(sizes)].map((text) => `WARNING: ${text}`),
  ];
}
