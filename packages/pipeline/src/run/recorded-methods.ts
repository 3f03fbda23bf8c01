import { isDeepStrictEqual } from 'node:util';
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
 * The options of a run to resume, with what its record has of methods instead of today's defaults: an earlier version may have
 * had others, with which the run began. What trains it is then the same to the end.
 *
 * @param isChanged whether the run goes on with changed options: defaults that follow from those are today's, and only what
 *   these leave open is taken from the record.
 */
export async function withRecordedMethods(
  options: RunOptions,
  folder: RunFolder,
  composition: Composition,
  isChanged: boolean,
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
      if (today === null) return named;
      const others = Object.entries(recorded[names[i]!] ?? {}).filter(
        ([key, value]) =>
          !Object.hasOwn(named.options, key) &&
          (today[key] === undefined || (!isChanged && !isSame(value, today[key]))),
      );
      const all = withOptions(named, others);
      if ((await completed(all)) !== null) return all;
      // One of them is an option that there is no longer.
      const known: (readonly [string, unknown])[] = [];
      for (const other of others) {
        if ((await completed(withOptions(named, [...known, other]))) !== null) known.push(other);
      }
      return withOptions(named, known);
    }),
  );
  return { ...options, methods };
}

const withOptions = (named: Named, more: readonly (readonly [string, unknown])[]): Named => ({
  ...named,
  options: { ...named.options, ...Object.fromEntries(more) },
});

/** As a record has them: JSON knows no undefined, and no infinity. */
const isSame = (recorded: unknown, value: unknown): boolean =>
  isDeepStrictEqual(recorded, JSON.parse(JSON.stringify(value)));
