import { transferInWords } from '../data/transfer-dataset.js';
import { inspectionWarnings } from '../planning/inspect-teacher.js';
import { sizeWarnings } from '../planning/network-size.js';
import type { Plan } from '../planning/plan.js';

/** What was warned of at the start, once more beside the results, and which images these are of, where that is not plain. */
export const closingWarnings = ({ teacher, students, inspection, options, data }: Plan): string[] => [
  ...[transferInWords(options.data, data.test.images.count)].filter((line) => line !== null),
  ...(inspection === null ? [] : inspectionWarnings(inspection)),
  ...sizeWarnings(students, teacher),
];
