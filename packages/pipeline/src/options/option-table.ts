import { type z } from 'zod';
import { optionMeta, TITLES, type OptionMeta } from './declare.js';
import { runOptionsSchema } from './schema.js';

/** An option with its place in the grouped options and its schema. */
export interface OptionEntry extends OptionMeta {
  /** Where the option is in the grouped options. */
  readonly path: readonly [string] | readonly [group: string, name: string];
  /** Its schema. */
  readonly schema: z.ZodType;
}

/**
 * Options that were renamed: old key to new key. Old keys are still read. Without a prototype: files may have keys such
 * as `constructor`.
 */
export const DEPRECATED_KEYS: Readonly<Record<string, string>> = Object.assign(
  Object.create(null) as Record<string, string>,
  {
    teacherNormalize: 'teacherPreprocessing',
    teacherMemoMb: 'teacherCacheMb',
    teacherMemoDir: 'teacherCacheDir',
    teacherMemoDiskMb: 'teacherCacheDiskMb',
    teacherMemoFloat16: 'teacherCacheFloat16',
  },
);

function entriesOf(): OptionEntry[] {
  const entries: OptionEntry[] = [];
  for (const [name, schema] of Object.entries<z.ZodType>(runOptionsSchema.shape)) {
    const meta = optionMeta.get(schema);
    if (meta !== undefined) {
      entries.push({ ...meta, path: [name], schema });
      continue;
    }
    const group = (schema as z.ZodOptional<z.ZodObject>).unwrap();
    for (const [inner, option] of Object.entries<z.ZodType>(group.shape)) {
      entries.push({ ...optionMeta.get(option)!, path: [name, inner], schema: option });
    }
  }
  return TITLES.flatMap((title) => entries.filter((entry) => entry.title === title));
}

/** Every option of a run, under its headings in the order in which help shows them. */
export const optionTable: readonly OptionEntry[] = entriesOf();

const byKey = new Map(optionTable.map((entry) => [entry.key, entry]));
const byPath = new Map(optionTable.map((entry) => [entry.path.join('.'), entry]));

/** The option of that key in flags, configuration files and records. */
export const optionByKey = (key: string): OptionEntry | undefined => byKey.get(key);

/** The option that a path points at or into, with the rest of the path inside its value. */
export function optionAt(
  path: readonly PropertyKey[],
): { readonly entry: OptionEntry; readonly rest: readonly PropertyKey[] } | null {
  for (const length of [2, 1]) {
    const entry = byPath.get(path.slice(0, length).map(String).join('.'));
    if (entry !== undefined) return { entry, rest: path.slice(length) };
  }
  return null;
}

/** Groups options that are given by key. Unknown keys are left out. */
export function groupOptions(flat: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const grouped: Record<string, unknown> = {};
  for (const { key, path } of optionTable) {
    const value = flat[key];
    if (value === undefined) continue;
    const [group, name] = path;
    if (name === undefined) grouped[group] = value;
    else grouped[group] = { ...(grouped[group] as object | undefined), [name]: value };
  }
  return grouped;
}

/** The inverse of `groupOptions`: every option that is set, by key. */
export function flattenOptions(options: object): Record<string, unknown> {
  const entries = optionTable.flatMap(({ key, path }): [string, unknown][] => {
    const [group, name] = path;
    const outer = (options as Record<string, unknown>)[group];
    const value = name === undefined ? outer : (outer as Record<string, unknown> | undefined)?.[name];
    return value === undefined ? [] : [[key, value]];
  });
  return Object.fromEntries(entries);
}
