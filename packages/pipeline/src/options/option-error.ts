import { AncError, isAncError, type AncErrorDetail } from '@anc/core';
import type { OptionPath } from './run-options.js';

/** A path for people: `training.epochs`, `methods.1`. */
export const describePath = (path: OptionPath): string => path.map(String).join('.');

/**
 * An error about one option. The message starts with the option's path; `detail.path` and `detail.problem` (the message
 * without it) let a caller name the option in its own way, as a flag or a line of a file.
 */
export const optionError = (path: OptionPath, problem: string, detail: AncErrorDetail = {}): AncError =>
  new AncError('ANC_CONFIG', `${describePath(path)}: ${problem}`, { ...detail, path, problem });

/** Errors about a named thing or its options, which do not know where that name was given. */
const LOCATABLE = ['ANC_UNKNOWN', 'ANC_OPTIONS'];

/** The same error with the path of the option that it is about. Other errors are returned as they are. */
export function withPath(error: unknown, path: OptionPath): unknown {
  if (!isAncError(error) || !LOCATABLE.includes(error.code) || error.detail.path !== undefined) return error;
  const { keys = [], path: inner = [] } = (error.detail.cause ?? {}) as {
    keys?: readonly string[];
    path?: readonly (PropertyKey | { readonly key: PropertyKey })[];
  };
  const deeper = inner.map((part) => (typeof part === 'object' ? part.key : part));
  const whole = [...path, ...deeper, ...keys.slice(0, 1)];
  return new AncError(error.code as `ANC_${string}`, error.message, { ...error.detail, path: whole });
}

/** Runs `work`, which is about the option at `path`: its errors carry the path. */
export async function aboutOption<T>(path: OptionPath, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw withPath(error, path);
  }
}
