import { AncError, type MethodEnvironment } from '@anc/core';
import { z } from 'zod';

type Shapes = MethodEnvironment['studentOutputs'];

/** An output of each player that belong together. Shapes are without the batch axis. */
export interface TapPair {
  readonly student: string;
  readonly teacher: string;
  readonly studentShape: readonly number[];
  readonly teacherShape: readonly number[];
}

/** A tap of both players: one name for both, or a name for each. */
export const tapSchema = z
  .union([z.string(), z.strictObject({ student: z.string(), teacher: z.string() })])
  .transform((tap) => (typeof tap === 'string' ? { student: tap, teacher: tap } : tap));

export type Tap = z.infer<typeof tapSchema>;

/** The output's shape; throws `ANC_METHOD_TAP` where a player does not have it. */
function shapeIn(who: 'student' | 'teacher', outputs: Shapes, name: string): readonly number[] {
  const shape = outputs[name];
  if (shape !== undefined) return shape;
  throw new AncError('ANC_METHOD_TAP', `the ${who} has no output "${name}".`, {
    expected: `one of ${Object.keys(outputs).join(', ')}`,
    received: name,
  });
}

export function pairOf({ student, teacher }: Tap, players: MethodEnvironment): TapPair {
  return {
    student,
    teacher,
    studentShape: shapeIn('student', players.studentOutputs, student),
    teacherShape: shapeIn('teacher', players.teacher?.outputs ?? {}, teacher),
  };
}

/** The taps that were named, or all image taps that both players have under one name, in the student's order. */
export function imagePairs(
  taps: readonly Tap[] | undefined,
  players: MethodEnvironment,
  least: number,
): TapPair[] {
  const theirs = players.teacher?.outputs ?? {};
  const shared = Object.keys(players.studentOutputs).filter(
    (name) => players.studentOutputs[name]!.length === 3 && theirs[name]?.length === 3,
  );
  const pairs = (taps ?? shared.map((name) => ({ student: name, teacher: name }))).map((tap) =>
    pairOf(tap, players),
  );
  const flat = pairs.find(({ studentShape, teacherShape }) =>
    [studentShape, teacherShape].some((shape) => shape.length !== 3),
  );
  if (flat !== undefined || pairs.length < least) {
    throw new AncError(
      'ANC_METHOD_TAP',
      flat === undefined
        ? `student and teacher share ${pairs.length} image taps; ${least} are needed.`
        : `"${flat.student}" and "${flat.teacher}" are not both images [height, width, channels].`,
      {
        expected: `taps of the student: ${Object.keys(players.studentOutputs).join(', ')}; of the teacher: ${Object.keys(theirs).join(', ')}`,
        hint: 'name pairs of taps: taps: [{ student: …, teacher: … }].',
      },
    );
  }
  return pairs;
}
