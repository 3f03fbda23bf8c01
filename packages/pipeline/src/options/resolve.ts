import type { z } from 'zod';
import { issueSentence } from '../text/issue-sentence.js';
import { suggestion } from '../text/nearest.js';
import { optionError } from './option-error.js';
import { flattenOptions, optionTable } from './option-table.js';
import { presetOf, presets } from './presets.js';
import type { OptionPath, PartialRunOptions, RunOptions, RunOptionsInput } from './run-options.js';
import { runOptionsSchema } from './schema.js';

/** What was requested: all options, and which of them the caller set. */
export interface ResolvedOptions {
  readonly options: RunOptions;
  /** Paths of the options that were set; the preset gave the others. */
  readonly given: readonly OptionPath[];
}

/** Validates options without adding defaults. Throws `ANC_CONFIG` with the path of the first problem. */
export function parseOptions(input: unknown): PartialRunOptions {
  const result = runOptionsSchema.safeParse(input);
  if (result.success) return result.data;
  throw problemOf(result.error.issues[0]!, input);
}

/** Validates options and fills the rest from their preset. Throws `ANC_CONFIG`. */
export function resolveOptions(input: unknown): ResolvedOptions {
  const partial = parseOptions(input);
  const preset = presetOf(partial);
  const defaults = withoutAliases(
    partial,
    parseOptions(presets[preset](partial.data?.dataset?.name ?? 'glyphs', partial)),
  );
  const set = new Set(Object.keys(flattenOptions(partial)));
  return {
    options: { ...merged(defaults, partial), preset } as RunOptions,
    given: optionTable.filter(({ key }) => set.has(key)).map(({ path }) => path),
  };
}

/**
 * A list of augmentations replaces the preset's crops and flips. Throws `ANC_CONFIG` where the same call sets both ways
 * of saying it.
 */
function withoutAliases({ data }: PartialRunOptions, defaults: PartialRunOptions): PartialRunOptions {
  if (data?.augment === undefined) return defaults;
  const set = (['crop', 'flip', 'mixup'] as const).find((key) => Boolean(data[key]));
  if (set !== undefined) {
    const written = { crop: `crop(${data.crop})`, flip: 'flip', mixup: `mixup(${data.mixup})` }[set];
    throw optionError(['data', set], 'cannot be combined with a list of augmentations.', {
      hint: `leave it out and write ${written} in the list.`,
    });
  }
  return { ...defaults, data: { ...defaults.data, crop: 0, flip: false } };
}

const GROUPS = ['data', 'teacher', 'student', 'training', 'objective', 'compute', 'cache', 'output'] as const;

/** Groups of `over` replace single options of `base`; lists and named things are replaced as a whole. */
function merged(base: PartialRunOptions, over: PartialRunOptions): PartialRunOptions {
  return {
    ...base,
    ...defined(over),
    ...Object.fromEntries(GROUPS.map((group) => [group, { ...base[group], ...defined(over[group] ?? {}) }])),
  };
}

/** Joins options option by option; later ones replace earlier ones. */
export const mergeInputs = (...inputs: readonly RunOptionsInput[]): RunOptionsInput =>
  inputs.reduce<RunOptionsInput>(
    (base, over) => ({
      ...base,
      ...defined(over),
      ...Object.fromEntries(
        GROUPS.filter((group) => base[group] !== undefined || over[group] !== undefined).map((group) => [
          group,
          { ...base[group], ...defined(over[group] ?? {}) },
        ]),
      ),
    }),
    {},
  );

const defined = <T extends object>(values: T): T =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as T;

function problemOf(issue: z.core.$ZodIssue, input: unknown) {
  const unknown = issue.code === 'unrecognized_keys' ? issue.keys[0]! : null;
  if (unknown !== null) {
    const known = optionNamesAt(issue.path);
    const hint = suggestion(unknown, known);
    return optionError([...issue.path, unknown], 'there is no such option.', {
      expected: known.join(', '),
      ...(hint === null ? {} : { hint }),
      cause: issue,
    });
  }
  const received = issue.path.reduce<unknown>(
    (value, key) =>
      typeof value === 'object' && value !== null ? (value as Record<PropertyKey, unknown>)[key] : undefined,
    input,
  );
  const choices = issue.code === 'invalid_value' ? issue.values.map(String) : [];
  const hint = typeof received === 'string' ? (hintOf(issue) ?? suggestion(received, choices)) : null;
  return optionError(issue.path, `${issueSentence(issue)}.`, {
    received: received === undefined ? 'nothing' : printed(received),
    ...(hint === null ? {} : { hint }),
  });
}

/** What stands in a group, or the groups. */
function optionNamesAt([group]: OptionPath): string[] {
  const names = optionTable.flatMap(({ path: [outer, inner] }) =>
    group === undefined ? [outer] : outer === group && inner !== undefined ? [inner] : [],
  );
  return [...new Set(names)];
}

/** The hint of our own parsers. */
function hintOf(issue: z.core.$ZodIssue): string | null {
  const hint: unknown = issue.code === 'custom' ? issue.params?.hint : undefined;
  return typeof hint === 'string' ? hint : null;
}

/** JSON has no NaN, no functions and no cycles. */
function printed(value: unknown): string {
  if (typeof value === 'number') return String(value);
  try {
    return typeof value === 'object' || typeof value === 'string' ? JSON.stringify(value) : typeof value;
  } catch {
    return typeof value;
  }
}
