import { AncError, mapTree } from '@anc/core';
import { stringify } from 'yaml';
import { formatNamed } from '../text/named.js';
import { readYaml } from '../text/read-yaml.js';
import { withFormerClassOrder, withoutPath } from './folder-dataset.js';
import { describePath, optionError } from './option-error.js';
import { DEPRECATED_KEYS, flattenOptions, groupOptions, optionAt } from './option-table.js';
import { presets } from './presets.js';
import { parseOptions } from './resolve.js';
import type { PartialRunOptions, RunOptions } from './run-options.js';

/** What may be changed when a run is resumed: nothing that its result depends on. */
export interface ResumeOptions {
  /** Folder with the dataset's files, where it has moved. */
  readonly dataDir?: string;
  readonly threads?: number | null;
  readonly backend?: string;
  readonly teacherBackend?: string;
  readonly studentBackend?: string;
  readonly checkpointMinutes?: number;
}

/** The same by option keys. */
export const RESUMABLE_KEYS = [
  'dataDir',
  'threads',
  'backend',
  'teacherBackend',
  'studentBackend',
  'checkpointMinutes',
] as const;

/**
 * The options of a run that is resumed, from its record. Throws `ANC_CONFIG` where a change would alter the run, and
 * `ANC_RUN_CONFIG` where the record is damaged. `accepted`: keys that may be changed nevertheless.
 */
export function resumedOptions(
  changes: Readonly<Record<string, unknown>>,
  recorded: string,
  accepted: readonly string[] = [],
): RunOptions {
  const other = Object.keys(changes).find(
    (key) =>
      changes[key] !== undefined && !RESUMABLE_KEYS.some((known) => known === key) && !accepted.includes(key),
  );
  if (other !== undefined) {
    throw optionError([other], 'a run is resumed with its own options.', {
      expected: `no other options than ${RESUMABLE_KEYS.join(', ')}`,
      hint: 'start a new run to change it.',
    });
  }
  const changed = flattenOptions(parseOptions(groupOptions(changes)));
  const record = flattenOptions(readOptions(recorded));
  if (changed.backend !== undefined) {
    // The new backend replaces every backend of the record: one of them may be what failed.
    delete record.teacherBackend;
    delete record.studentBackend;
  }
  const resumed = withEmptyGroups(parseOptions(groupOptions({ ...record, ...changed })));
  if (changed.dataDir === undefined) return resumed;
  return { ...resumed, data: { ...resumed.data, dataset: withoutPath(resumed.data.dataset) } };
}

/** What every record has: what every preset gives. */
const always = ['preset', ...Object.keys(flattenOptions(presets.quick('glyphs')))];

/** Reads a record that `formatOptions` wrote, in this version or an older one. Throws `ANC_RUN_CONFIG`. */
export function readOptions(text: string): RunOptions {
  const read = readYaml(text);
  if ('problem' in read) throw damaged(`${read.problem.split('\n')[0]!} (line ${read.line})`);
  const { value } = read;
  if (typeof value !== 'object' || value === null) throw damaged('no options');
  const flat = withCurrentKeys(value as Record<string, unknown>);
  const unknown = Object.keys(flat).find((key) => !Object.hasOwn(flattenOptions(groupOptions(flat)), key));
  if (unknown !== undefined && flat[unknown] !== undefined) throw damaged(`the unknown option "${unknown}"`);
  let options: PartialRunOptions;
  try {
    options = parseOptions(groupOptions(flat));
  } catch (error) {
    const { path, problem } = (error as AncError).detail;
    const at = optionAt(path ?? []);
    throw damaged(
      `${at === null ? '' : `${describePath([at.entry.key, ...at.rest])}: `}${problem ?? 'unreadable'}`,
    );
  }
  const missing = always.find((key) => !(key in flattenOptions(options)));
  if (missing !== undefined) throw damaged(`nothing for "${missing}"`);
  const { data } = withEmptyGroups(options);
  return withEmptyGroups({
    ...options,
    data: { ...data, dataset: withFormerClassOrder(data.dataset) },
  });
}

const withEmptyGroups = (options: PartialRunOptions): RunOptions =>
  ({ ...options, objective: options.objective ?? {} }) as RunOptions;

/** Options under the keys of today. */
const withCurrentKeys = (flat: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(flat).map(([key, value]) => [DEPRECATED_KEYS[key] ?? key, value]));

const damaged = (received: string): AncError =>
  new AncError('ANC_RUN_CONFIG', "the run folder's config.resolved.yaml is damaged.", {
    expected: 'the options as the run wrote them',
    received,
    hint: 'restore the file from a copy, or start a new run.',
  });

/** Options as plain data, by key: the form of configuration files and records. */
export const recordedOptions = (options: object): Record<string, unknown> =>
  Object.fromEntries(Object.entries(flattenOptions(options)).map(([key, value]) => [key, plain(value)]));

/** Options with other recorded values of some keys; null: the key is not set. */
export function withRecorded(options: object, values: Readonly<Record<string, unknown>>): RunOptions {
  const flat = { ...recordedOptions(options), ...values };
  const kept = Object.entries(flat).filter(([key, value]) => value !== null || always.includes(key));
  return readOptions(stringify(Object.fromEntries(kept)));
}

/** Options as YAML that `readOptions` reads back to the same. */
export const formatOptions = (options: object): string => stringify(recordedOptions(options));

function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  const { name, options } = value as { name?: unknown; options?: unknown };
  if (typeof name === 'string' && typeof options === 'object' && options !== null) {
    return formatNamed({ name, options: options as Record<string, unknown> });
  }
  return mapTree(value as Record<string, unknown>, plain);
}
