import { join, resolve } from 'node:path';
import { assertCreatable, freeName } from '@anc/runtime';
import { optionError } from '../options/option-error.js';
import { RESUMABLE_KEYS, type ResumeOptions as ResumeChanges } from '../options/record.js';
import type { OutputOptions } from '../options/run-options.js';
import { assertName } from '../run/start.js';
import { callOf, composeWith, type CallOptions } from './call.js';
import { assertPath } from './known-options.js';
import { inFolder, type RunRequest } from './run-input.js';

/** What calls have in common that work in a folder of several runs: compare, tune and reproduce. */

/** A request with the folder that the caller named, if any. */
export function placedIn(folder: string | undefined, request: RunRequest): RunRequest {
  if (folder === undefined) return request;
  const { options, cwd } = request;
  return {
    ...request,
    options: { ...options, output: { ...options.output, ...inFolder(resolve(cwd, folder)) } },
  };
}

/**
 * Absolute path of a new folder, `<stem>-1` and so on where it has no name. A folder in which
 * a killed process left nothing but `leftover` counts as new. Throws `ANC_CONFIG`, `ANC_RUN_EXISTS` or `ANC_RUN_UNWRITABLE`.
 */
export async function newRunsFolder(
  output: OutputOptions,
  cwd: string,
  stem: string,
  leftover: readonly string[] = [],
): Promise<string> {
  assertName(output);
  const parent = resolve(cwd, output.directory);
  const path = join(parent, output.name ?? (await freeName(parent, stem)));
  await assertCreatable(path, { leftover });
  return path;
}

/** Options of calls that continue what lies in a folder of several runs. */
export interface ContinueOptions extends CallOptions, ResumeChanges {
  /** Goes on with plugins that changed since the first run began; the change is recorded. */
  readonly acceptPlugins?: boolean;
}

/** The folder that is continued, what is changed, and how its plugins are loaded. */
export function continuedCall(folder: string, options: ContinueOptions) {
  assertPath(folder, 'folder');
  const { cwd, fetching } = callOf(options);
  return {
    path: resolve(cwd, folder),
    cwd,
    fetching,
    changes: changesOf(options),
    acceptPlugins: options.acceptPlugins,
    compose: composeWith(options.plugins ?? [], null, cwd, { discover: options.discoverPlugins }),
  };
}

/** What a call that continues a run changes. */
export const changesOf = (options: ResumeChanges): Readonly<Record<string, unknown>> =>
  Object.fromEntries(RESUMABLE_KEYS.map((key) => [key, options[key]]));

/** Most seeds of a comparison. */
export const MOST_SEEDS = 1000;

/** So many seeds from the first on. Throws `ANC_CONFIG`. */
export function seedsFrom(first: number, count: number): number[] {
  if (!Number.isInteger(count) || count < 1 || count > MOST_SEEDS) {
    throw optionError(['seeds'], `expected a whole number from 1 to ${MOST_SEEDS}.`, {
      received: String(count),
      hint: 'e.g. --seeds 5; intervals need 2 or more.',
    });
  }
  return Array.from({ length: count }, (_, i) => first + i);
}
