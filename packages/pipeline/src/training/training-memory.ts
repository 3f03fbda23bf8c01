import type { Diagnostics, Position } from '@anc/core';
import { currentDiagnostics, decodeNumbers, readPosition, type Json } from '@anc/core/internal';
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
  readonly hooks?: HookMemory;
}

/** Reads a checkpoint's memory, numbers that JSON cannot hold included. */
export function readMemory(memory: Json): TrainingMemory {
  const raw = decodeNumbers<TrainingMemory>(memory); // no text of it is a number in words
  const { position, diagnostics } = raw;
  return {
    ...raw,
    position: readPosition(position),
    diagnostics: diagnostics === null ? null : currentDiagnostics(diagnostics),
  };
}
