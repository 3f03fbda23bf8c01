import {
  DEPRECATED_KEYS,
  optionByKey,
  optionTable,
  splitTopLevel,
  type FlagKind,
  type OptionEntry,
} from '@anc/pipeline/options';
import { Option, type Command } from 'commander';
import { CALL_TITLE, callFlags } from './call-options.js';

/** `limitTrain` as a flag: `--limit-train`. */
export const flagName = (key: string): string => `--${key.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)}`;

/** Adds one flag per option under the options' headings, the flags of the call, and hidden flags of renamed options. */
export function addFlags(command: Command, without: readonly string[] = []): Command {
  let heading = '';
  for (const entry of optionTable) {
    if (without.includes(entry.key)) continue;
    if (entry.title !== heading) command.optionsGroup(`${entry.title}:`);
    heading = entry.title;
    addFlag(command, entry, entry.key === 'methods' ? '--method, --methods' : flagName(entry.key));
  }
  command.optionsGroup(`${CALL_TITLE}:`);
  for (const [key, value, help] of callFlags) {
    if (without.includes(key)) continue;
    command.addOption(new Option(value === null ? flagName(key) : `${flagName(key)} <${value}>`, help));
  }
  for (const [old, current] of Object.entries(DEPRECATED_KEYS)) {
    const entry = optionByKey(current);
    if (entry !== undefined && !without.includes(current)) addFlag(command, entry, flagName(old), true);
  }
  return command;
}

function addFlag(command: Command, entry: OptionEntry, names: string, hidden = false): void {
  const { help, kind, value } = entry;
  const option = new Option(kind === 'boolean' ? names : `${names} <${value}>`, help);
  if (lists.includes(kind)) option.argParser(joined);
  command.addOption(option.hideHelp(hidden));
  if (kind === 'boolean') {
    command.addOption(new Option(names.replace('--', '--no-'), `turn ${names} off`).hideHelp(hidden));
  }
}

const lists: readonly FlagKind[] = ['numbers', 'namedList', 'texts'];

/** A list's flag may be repeated: `--plugins a --plugins b` is `--plugins a,b`. */
export const joined = (text: string, before: string | undefined): string =>
  before === undefined ? text : `${before},${text}`;

/** Flags by option key, as values of the options' types; what cannot be one is left for validation to refuse. */
export function readFlags(options: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const keys = [...optionTable.map(({ key }) => key), ...Object.keys(DEPRECATED_KEYS)];
  const entries = keys.flatMap((key): [string, unknown][] => {
    const value = options[key];
    const { kind } = optionByKey(DEPRECATED_KEYS[key] ?? key)!;
    return value === undefined ? [] : [[key, typeof value === 'string' ? parseFlag(value, kind) : value]];
  });
  const call = callFlags.flatMap(([key]) => (options[key] === undefined ? [] : [[key, options[key]]]));
  return Object.fromEntries([...entries, ...call]) as Record<string, unknown>;
}

function parseFlag(text: string, kind: FlagKind): unknown {
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
