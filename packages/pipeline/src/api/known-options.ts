import { AncError } from '@anc/core';
import { optionError } from '../options/option-error.js';
import type { OptionPath } from '../options/run-options.js';
import { suggestion } from '../text/nearest.js';

/** The names of a call's options: one for each, so that the compiler knows of one that is missing. */
export type OptionNames<T> = Readonly<Record<keyof T, true>>;

/** Throws `ANC_CONFIG` where a caller gives an option that a call does not have. */
export function assertKnown(given: object, names: Readonly<Record<string, true>>): void {
  assertGroup(given, []);
  const known = Object.keys(names);
  const other = Object.keys(given).find((key) => !Object.hasOwn(names, key));
  if (other === undefined) return;
  const hint = suggestion(other, known);
  throw optionError([other], 'there is no such option.', {
    expected: known.join(', '),
    ...(hint === null ? {} : { hint }),
  });
}

/** What a value is, for errors: its own text may be long. */
export const typeInWords = (value: unknown): string =>
  value === null ? 'null' : Array.isArray(value) ? 'a list' : typeof value;

/** Throws `ANC_CONFIG` where options are no object. undefined: none are given. */
export function assertGroup(value: unknown, path: OptionPath): void {
  if (value === undefined && path.length > 0) return;
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return;
  throw wrongType('an object with options', value, path);
}

/** Throws `ANC_CONFIG` where what may be several is no list. undefined: none are given. */
export function assertList(value: unknown, path: OptionPath): void {
  if (value !== undefined && !Array.isArray(value)) throw wrongType('a list', value, path);
}

const wrongType = (expected: string, value: unknown, path: OptionPath) =>
  path.length === 0
    ? new AncError('ANC_CONFIG', `expected ${expected}.`, { received: typeInWords(value), path })
    : optionError(path, `expected ${expected}.`, { received: typeInWords(value) });
