import { join } from 'node:path';
import { AncError } from '@anc/core';

/** A path as a shell takes it for one word. */
export const quoted = (path: string): string =>
  /^[\w./@%+=:,-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;

/** A file of a run folder that is not what the run wrote, and how to recover. */
export const damagedError = (folder: string, name: string, expected: string, received: string): AncError =>
  new AncError('ANC_RUN_DAMAGED', `${join(folder, name)} is damaged.`, {
    expected,
    received,
    hint: recoveryOf(folder, name),
  });

/** How to recover from the loss of a file: all but options and environment can be made again. */
export function recoveryOf(folder: string, name: string): string {
  const resume = `anc-cli run --resume ${quoted(folder)}`;
  const model = /^(?:teacher|student\/[^/]+)(?=\/)/.exec(name)?.[0];
  if (model !== undefined) {
    return `remove the folder ${quoted(join(folder, model))} and continue with ${resume}: that model is trained again, the others are kept.`;
  }
  const path = quoted(join(folder, name));
  if (name === 'result.json') return `remove it and continue with ${resume}: it is written again.`;
  const whole = /^(compare|tune|reproduce)\.json$/.exec(name)?.[1];
  if (whole !== undefined) {
    return `remove ${path} and continue with anc-cli ${whole} --resume ${quoted(folder)}: it is written again.`;
  }
  if (name.startsWith('tries/')) return `remove ${path} and resume the tuning: that trial is repeated.`;
  if (name === 'SHA256SUMS') {
    return `restore it from a copy; or remove ${path}: weights are then verified by their results alone.`;
  }
  return 'restore the file from a copy, or start a new run.';
}
