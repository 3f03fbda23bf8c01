import {
  currentDiagnostics,
  decodeNumbers,
  readPosition,
  type Diagnostics,
  type Json,
  type Position,
} from '@anc/core';
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
}

/** Reads a checkpoint's memory, numbers that JSON cannot hold included. */
export function readMemory(memory: Json): TrainingMemory {
  const raw = decodeNumbers<TrainingMemory>(memory); // it holds no text
  const { position, diagnostics } = raw;
  return {
    ...raw,
    position: readPosition(position),
    diagnostics: diagnostics === null ? null : currentDiagnostics(diagnostics),
  };
}
