import { taskOfDocument } from '@anc/core/internal';
import type { ReportedResult } from '@anc/runtime';
import { bestStudent } from '../classifier/best-student.js';
import type { RunResult } from '../events/documents.js';

/** A result as its report shows it: with the student that a person would take. */
export function reported<R extends ReportedResult | RunResult>(result: R): R & ReportedResult {
  const best = bestStudent(result.students, taskOfDocument(result).metrics[0]);
  return best === null ? result : { ...result, best };
}
