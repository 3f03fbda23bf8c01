import type { StudentOptions } from '../options/run-options.js';

/** What a network may cost at most; what is absent is not limited. */
export interface Limits {
  /** Trainable parameters. */
  readonly parameters?: number;
  /** 2 × multiply-adds + bias additions, for one image. */
  readonly flops?: number;
  /** Parameters and running averages as float32. */
  readonly bytes?: number;
  /** Milliseconds of a forward pass of one image. */
  readonly ms?: number;
}

/** Names of the limits, in the order of explanations. */
export const LIMITS = ['parameters', 'flops', 'bytes', 'ms'] as const;

/** The option of each limit. */
const OPTIONS = {
  parameters: 'maxParameters',
  flops: 'maxFlops',
  bytes: 'maxBytes',
  ms: 'maxMs',
} as const satisfies Record<keyof Limits, keyof StudentOptions>;

/** The path of a limit's option. */
export const limitPath = (limit: keyof Limits): readonly [string, string] => ['student', OPTIONS[limit]];

/** The budget among a student's options; null where nothing is limited. */
export function limitsOf(
  student: Pick<StudentOptions, 'maxParameters' | 'maxFlops' | 'maxBytes' | 'maxMs'>,
): Limits | null {
  const limits: Limits = Object.fromEntries(
    LIMITS.flatMap((limit) => {
      const value = student[OPTIONS[limit]];
      return value === undefined ? [] : [[limit, value]];
    }),
  );
  return Object.keys(limits).length === 0 ? null : limits;
}
