import { AncError, isAncError } from '@anc/core';
import { sharedLike } from '@anc/core/internal';
import { optionAt } from '@anc/pipeline/options';
import { flagName } from './flags.js';

/** Where an option comes from: a flag, or a place in a configuration file. */
export interface Origins {
  /** e.g. `anc.config.yaml:3:5: "epochs"`; null for options that no file set. */
  place(path: readonly PropertyKey[], isUnknownKey: boolean): string | null;
}

/** No configuration file. */
export const fromFlags: Origins = { place: () => null };

/** The same error with the option named as the user wrote it: a flag, or file, line and column. */
export function located(error: unknown, origins: Origins): unknown {
  if (!isAncError(error) || error.detail.path === undefined) return error;
  const { path, problem, ...detail } = error.detail;
  const at = optionAt(path);
  const key = at === null ? path.map(String) : [at.entry.key, ...at.rest.map(String)];
  const isUnknownKey = (detail.cause as { keys?: unknown } | undefined)?.keys !== undefined;
  const place = origins.place(key, isUnknownKey);
  if (place === null && problem === undefined) return error; // the message names what is wrong with a flag's value
  const where = place ?? flagName(key[0]!);
  const made = new AncError(error.code as `ANC_${string}`, `${where}: ${problem ?? error.message}`, detail);
  return sharedLike(made, error);
}

/** Runs `work`; errors about options say where the option was given. */
export async function locating<T>(origins: Origins, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw located(error, origins);
  }
}

/** An option's flag, by its path. */
export function flagOf(path: readonly PropertyKey[]): string {
  const at = optionAt(path);
  return flagName(at === null ? String(path.at(-1)) : at.entry.key);
}
