import { AncError } from '@anc/core';
import { optionError } from '../options/option-error.js';
import type { OptionPath } from '../options/run-options.js';
import { suggestion } from '../text/nearest.js';

/** The names of a call's options: one for each, so that the compiler knows of one that is missing. */
export type OptionNames<T> = Readonly<Record<keyof T, true>>;

/** Throws `ANC_CONFIG` where a caller gives an option that a call does not have. */
export function assertKnown(given: object, names: Readonly<Record<string, true>>): void {
  assertGroup(given, []);
  assertCallTypes(given);
  const known = Object.keys(names);
  const other = Object.keys(given).find((key) => !Object.hasOwn(names, key));
  if (other === undefined) return;
  const hint = suggestion(other, known);
  throw optionError([other], 'there is no such option.', {
    expected: known.join(', '),
    ...(hint === null ? {} : { hint }),
  });
}

const isText = (value: unknown): boolean => typeof value === 'string';
const isFlag = (value: unknown): boolean => typeof value === 'boolean';
const isSignal = (value: unknown): boolean =>
  typeof (value as Partial<AbortSignal> | null)?.addEventListener === 'function';

/** Options that calls have in common: what they must be. */
const CALL_TYPES: Readonly<Record<string, readonly [is: (value: unknown) => boolean, expected: string]>> = {
  cwd: [isText, 'the path of a folder'],
  folder: [(value) => value === null || isText(value), 'the path of a folder, or null'],
  discoverPlugins: [isFlag, 'true or false'],
  offline: [isFlag, 'true or false'],
  signal: [isSignal, 'an AbortSignal'],
};

/** Throws `ANC_CONFIG` where an option that calls have in common is of another type. */
export function assertCallTypes(given: object): void {
  for (const [name, [is, expected]] of Object.entries(CALL_TYPES)) {
    const value = (given as Readonly<Record<string, unknown>>)[name];
    if (value !== undefined && !is(value)) throw wrongType(expected, value, [name]);
  }
}

/** Throws `ANC_CONFIG` where the argument `name`, a path, is no text. */
export function assertPath(value: unknown, name: string): void {
  if (!isText(value)) throw wrongType('a path', value, [name]);
}

/** Throws `ANC_CONFIG` where the argument `name`, one path or several, is something else. */
export function assertPaths(value: unknown, name: string): void {
  if (!Array.isArray(value)) assertPath(value, name);
  else for (const [i, one] of (value as readonly unknown[]).entries()) assertPath(one, `${name}[${i}]`);
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
