import { Option, type Command } from 'commander';
import { splitTopLevel } from './named.js';
import { optionMeta, type OptionMeta } from './option.js';
import { configKeys, configSchema, type ConfigKey } from './schema.js';

export const flagName = (key: string): string => `--${key.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)}`;

export const metaOf = (key: ConfigKey): OptionMeta => optionMeta.get(configSchema.shape[key])!;

/** Adds one flag per option of the schema, under the schema's own headings. */
export function addFlags(command: Command, keys: readonly ConfigKey[] = configKeys): Command {
  let heading = '';
  for (const key of keys) {
    const { group, help, kind, value } = metaOf(key);
    if (group !== heading) command.optionsGroup(`${group}:`);
    heading = group;
    const names = key === 'methods' ? '--method, --methods' : flagName(key);
    const option = new Option(kind === 'boolean' ? names : `${names} <${value}>`, help);
    if (lists.includes(kind)) option.argParser(joined);
    command.addOption(option);
    if (kind === 'boolean' && metaOf(key).recorded) {
      command.addOption(new Option(names.replace('--', '--no-'), `do not ${help}`));
    }
  }
  return command;
}

const lists: readonly OptionMeta['kind'][] = ['numbers', 'namedList', 'texts'];

/** A list's flag may come several times: `--plugins a --plugins b` is `--plugins a,b`. */
export const joined = (text: string, before: string | undefined): string =>
  before === undefined ? text : `${before},${text}`;

/** What commander read, as values of the schema's types; what cannot be one is left for the schema to refuse. */
export function readFlags(options: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const entries = configKeys.flatMap((key): [string, unknown][] => {
    const value = options[key];
    if (value === undefined) return [];
    return [[key, typeof value === 'string' ? parseFlag(value, metaOf(key).kind) : value]];
  });
  return Object.fromEntries(entries);
}

function parseFlag(text: string, kind: OptionMeta['kind']): unknown {
  switch (kind) {
    case 'number':
      return text === 'none' ? null : numberOr(text);
    case 'numbers':
      return splitTopLevel(text).map(numberOr);
    case 'namedList':
    case 'texts':
      return splitTopLevel(text);
    default:
      return text;
  }
}

const numberOr = (text: string): number | string => {
  const number = Number(text);
  return text.trim() === '' || Number.isNaN(number) ? text : number;
};
