import type { RunFolder } from '@anc/runtime';
import type { Composition } from '../composition/compose.js';
import type { RunOptions } from '../options/run-options.js';
import { createMethod } from '../planning/create-method.js';
import type { Named } from '../text/named.js';
import { recordedNames } from './recorded-names.js';

type Completed = Readonly<Record<string, unknown>>;

/** The part of environment.json that is about methods: their options as completed, by student. */
interface MethodRecord {
  readonly methods?: Readonly<Record<string, Completed>>;
}

/**
 * The options of a run to resume, with what its record has of methods and today's defaults leave open: an earlier version had a
 * default for it, with which the run began. What trains it is then the same to the end.
 */
export async function withRecordedMethods(
  options: RunOptions,
  folder: RunFolder,
  composition: Composition,
): Promise<RunOptions> {
  const { methods: recorded = {} } = ((await folder.readEnvironment()) ?? {}) as MethodRecord;
  const names = await recordedNames(options.methods, folder);
  const completed = async (named: Named): Promise<Completed | null> => {
    // What is wrong with a method is for the plan to say.
    const created = await createMethod(named, { ...options, frozen: [] }, composition).catch(() => null);
    return created === null ? null : (created.options as Completed);
  };
  const methods = await Promise.all(
    options.methods.map(async (named, i) => {
      const today = await completed(named);
      const open = Object.entries(recorded[names[i]!] ?? {}).filter(([key]) => today?.[key] === undefined);
      if (today === null || open.length === 0) return named;
      const kept = { ...named, options: { ...named.options, ...Object.fromEntries(open) } };
      return (await completed(kept)) === null ? named : kept; // an option that there is no longer
    }),
  );
  return { ...options, methods };
}
