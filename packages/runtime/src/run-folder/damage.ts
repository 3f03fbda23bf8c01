import { join } from 'node:path';
import { AncError } from '@anc/core';
import { shellQuoted } from '@anc/core/internal';

/** A file of a run folder that is not what the run wrote, and how to recover. */
export const damagedError = (folder: string, name: string, expected: string, received: string): AncError =>
  new AncError('ANC_RUN_DAMAGED', `${join(folder, name)} is damaged.`, {
    expected,
    received,
    hint: recoveryOf(folder, name),
  });

/** How to recover from the loss of a file: all but options and environment can be made again. */
export function recoveryOf(folder: string, name: string): string {
  const resume = `anc-cli run --resume ${shellQuoted(folder)}`;
  const model = /^(?:teacher|student\/[^/]+)(?=\/)/.exec(name)?.[0];
  if (model !== undefined) {
    return `remove the folder ${shellQuoted(join(folder, model))} and continue with ${resume}: that model is trained again, the others are kept.`;
  }
  const path = shellQuoted(join(folder, name));
  if (name === 'result.json') return `remove it and continue with ${resume}: it is written again.`;
  const whole = /^(compare|tune|reproduce)\.json$/.exec(name)?.[1];
  if (whole !== undefined) {
    return `remove ${path} and continue with anc-cli ${whole} --resume ${shellQuoted(folder)}: it is written again.`;
  }
  if (name.startsWith('tries/')) return `remove ${path} and resume the tuning: that trial is repeated.`;
  if (name === 'SHA256SUMS') {
    return `restore it from a copy; or remove ${path}: weights are then verified by their results alone.`;
  }
  return 'restore the file from a copy, or start a new run.';
}
