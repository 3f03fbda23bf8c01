import { AncError, type MethodEnvironment } from '@anc/core';
import { z } from 'zod';

type Shapes = MethodEnvironment['studentOutputs'];

/** An output of the student and the teacher's output it is compared with. Shapes are without the batch axis. */
export interface TapPair {
  readonly student: string;
  readonly teacher: string;
  readonly studentShape: readonly number[];
  readonly teacherShape: readonly number[];
}

/** A tap of student and teacher: one name for both, or a name for each. */
export const tapSchema = z
  .union([z.string(), z.strictObject({ student: z.string(), teacher: z.string() })])
  .transform((tap) => (typeof tap === 'string' ? { student: tap, teacher: tap } : tap));

export type Tap = z.infer<typeof tapSchema>;

/** @throws `ANC_METHOD_TAP` if the model has no such output. */
function shapeIn(model: 'student' | 'teacher', outputs: Shapes, name: string): readonly number[] {
  const shape = outputs[name];
  if (shape !== undefined) return shape;
  throw new AncError('ANC_METHOD_TAP', `the ${model} has no output "${name}".`, {
    expected: `one of ${Object.keys(outputs).join(', ')}`,
    received: name,
  });
}

/** The two outputs of a tap with their shapes. @throws `ANC_METHOD_TAP` if one of the models lacks its output. */
export function pairOf({ student, teacher }: Tap, environment: MethodEnvironment): TapPair {
  return {
    student,
    teacher,
    studentShape: shapeIn('student', environment.studentOutputs, student),
    teacherShape: shapeIn('teacher', environment.teacher?.outputs ?? {}, teacher),
  };
}

/**
 * Pairs of image taps: the given ones, or by default all image taps that student and teacher share by name, in the
 * student's order.
 * @throws `ANC_METHOD_TAP` if a tap is missing or is no image, or if there are fewer than `least` pairs.
 */
export function imagePairs(
  taps: readonly Tap[] | undefined,
  environment: MethodEnvironment,
  least: number,
): TapPair[] {
  const { studentOutputs } = environment;
  const teacherOutputs = environment.teacher?.outputs ?? {};
  const shared = Object.keys(studentOutputs).filter(
    (name) => studentOutputs[name]!.length === 3 && teacherOutputs[name]?.length === 3,
  );
  const pairs = (taps ?? shared.map((name) => ({ student: name, teacher: name }))).map((tap) =>
    pairOf(tap, environment),
  );
  const notImages = pairs.find(({ studentShape, teacherShape }) =>
    [studentShape, teacherShape].some((shape) => shape.length !== 3),
  );
  if (notImages !== undefined || pairs.length < least) {
    throw new AncError(
      'ANC_METHOD_TAP',
      notImages === undefined
        ? `student and teacher share ${pairs.length} image taps; ${least} are needed.`
        : `"${notImages.student}" and "${notImages.teacher}" are not both images [height, width, channels].`,
      {
        expected: `taps of the student: ${Object.keys(studentOutputs).join(', ')}; of the teacher: ${Object.keys(teacherOutputs).join(', ')}`,
        hint: 'name pairs of taps: taps: [{ student: …, teacher: … }].',
      },
    );
  }
  return pairs;
}
