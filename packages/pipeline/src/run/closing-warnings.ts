import { inspectionWarnings } from '../planning/inspect-teacher.js';
import { sizeWarnings } from '../planning/network-size.js';
import type { Plan } from '../planning/plan.js';

/** What was warned of at the start, once more beside the results. */
export const closingWarnings = ({ teacher, students, inspection }: Plan): string[] => [
  ...(inspection === null ? [] : inspectionWarnings(inspection)),
  ...sizeWarnings(students, teacher),
];
