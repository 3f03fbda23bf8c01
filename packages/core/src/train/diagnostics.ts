import type { Tree } from '../tree/tree.js';
import { currentMetrics } from './metric-names.js';

/** Adversarial training in five numbers, means over an epoch. */
export interface Diagnostics {
  /** Probability that D scores a teacher sample above a student sample; at 1/2 it cannot tell them apart. */
  readonly auc: number;
  /** Mean of D on teacher features, σ(logit) in 0..1. */
  readonly teacherScore: number;
  /** Mean of D on student features, without dropout. */
  readonly studentScore: number;
  /** |∂ λ·Data| / |∂ w·Adv| at the discriminator's input. */
  readonly gradientRatio: number;
  /** Mean cosine of the angle between the two gradients. */
  readonly gradientCosine: number;
}

/**
 * Takes the diagnostics from an epoch's metrics, by their current names or those of earlier versions; null where no
 * discriminator was trained or evaluated.
 */
export function diagnosticsOf(metrics: Tree<number>): Diagnostics | null {
  const current = currentMetrics(metrics);
  const auc = current['discriminator/auc'];
  const teacherScore = current['discriminator/teacher'];
  const studentScore = current['discriminator/student'];
  const gradientCosine = current['gradient/cosine'];
  if (
    auc === undefined ||
    teacherScore === undefined ||
    studentScore === undefined ||
    gradientCosine === undefined
  )
    return null;
  const gradientRatio = current['gradient/data']! / current['gradient/adversarial']!;
  return { auc, teacherScore, studentScore, gradientRatio, gradientCosine };
}

/** Diagnostics as JSON documents may hold them: earlier versions wrote `dTeacher` and `dStudent`. */
export interface RecordedDiagnostics extends Omit<Diagnostics, 'teacherScore' | 'studentScore'> {
  readonly teacherScore?: number;
  readonly studentScore?: number;
  /** The deprecated name of `teacherScore`. */
  readonly dTeacher?: number;
  /** The deprecated name of `studentScore`. */
  readonly dStudent?: number;
}

/** Diagnostics that this or an earlier version wrote, under their current names. */
export function currentDiagnostics({ dTeacher, dStudent, ...current }: RecordedDiagnostics): Diagnostics {
  return {
    ...(dTeacher !== undefined && { teacherScore: dTeacher }),
    ...(dStudent !== undefined && { studentScore: dStudent }),
    ...current,
  } as Diagnostics; // every version wrote all five numbers
}

/** Diagnostics with the deprecated names beside the current ones: for JSON documents, which other programs read. */
export const withDeprecatedDiagnostics = (
  diagnostics: Diagnostics,
): Diagnostics & Required<Pick<RecordedDiagnostics, 'dTeacher' | 'dStudent'>> => ({
  ...diagnostics,
  dTeacher: diagnostics.teacherScore,
  dStudent: diagnostics.studentScore,
});
