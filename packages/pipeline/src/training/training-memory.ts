import { AncError, type Diagnostics, type Position } from '@anc/core';
import { currentDiagnostics, decodeNumbers, readPosition, type Json } from '@anc/core/internal';
import type { Checkpoint } from '@anc/runtime';
import { z } from 'zod';
import type { TimeBoxRecord } from '../events/documents.js';
import type { HookMemory } from '../hooks/hook-runner.js';
import type { Stopped } from './stopping.js';
import type { BestEpoch, HeldOut } from './validation.js';

/** What a checkpoint holds beside the training state. */
export interface TrainingMemory {
  /** Index of the stage. */
  readonly stage: number;
  readonly position: Position;
  readonly seconds: number;
  readonly diagnostics: Diagnostics | null;
  readonly held: HeldOut | null;
  readonly best: BestEpoch | null;
  /** What ended this training before its last epoch; checkpoints of earlier versions have none. */
  readonly stopped?: Stopped | null;
  /** Of a training that has a time. */
  readonly timeBox?: TimeBoxRecord;
  readonly hooks?: HookMemory;
}

const count = z.int().nonnegative();
const number = z.custom<number>((value) => typeof value === 'number'); // NaN and infinities too
const accumulator = z.looseObject({ count: number, sums: z.record(z.string(), number) });
const held = z.looseObject({ error: number.nullable(), agreement: number.nullable() });

/** What is stored, of this version and earlier ones. */
const schema = z.looseObject({
  stage: count,
  position: z
    .looseObject({ step: count, accumulator: accumulator.optional(), tally: accumulator.optional() })
    .refine((position) => position.accumulator !== undefined || position.tally !== undefined),
  seconds: z.number().nonnegative(),
  diagnostics: z.record(z.string(), number).nullable(),
  held: held.nullish(),
  best: held.extend({ epoch: count }).nullish(),
  stopped: z
    .looseObject({ by: z.string(), reason: z.string(), epoch: count, epochs: count, step: count })
    .nullish(),
  timeBox: z
    .looseObject({ from: z.number(), until: z.number(), revisions: z.array(z.tuple([count, count, count])) })
    .optional(),
  hooks: z
    .looseObject({ states: z.record(z.string(), z.string()), disabled: z.array(z.string()) })
    .optional(),
});

/**
 * Reads a checkpoint's memory, numbers that JSON cannot hold included.
 *
 * @throws `ANC_CHECKPOINT` where it is none: someone wrote it with a checksum of its own.
 */
export function readMemory(memory: Json): TrainingMemory {
  const raw: unknown = decodeNumbers(memory); // no text of it is a number in words
  const wrong = schema.safeParse(raw).error?.issues[0];
  if (wrong !== undefined)
    throw new AncError(
      'ANC_CHECKPOINT',
      `its field "memory.${wrong.path.join('.')}" is not what training writes.`,
    );
  const read = raw as TrainingMemory;
  const { position, diagnostics } = read;
  return {
    ...read,
    position: readPosition(position),
    diagnostics: diagnostics === null ? null : currentDiagnostics(diagnostics),
  };
}

/** @throws `ANC_CHECKPOINT` where a checkpoint's memory is none, or of a stage beyond those of its model. */
export function assertContinuable({ memory }: Pick<Checkpoint, 'memory'>, stages: number): void {
  const { stage } = readMemory(memory);
  if (stage < stages) return;
  throw new AncError('ANC_CHECKPOINT', `it is of stage ${stage + 1}, of ${stages}.`);
}
