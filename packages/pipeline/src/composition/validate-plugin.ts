import { inspect } from 'node:util';
import { AncError, type Plugin } from '@anc/core';
import { suggestion } from '../text/nearest.js';
import { kindNames, KINDS, type Kind } from './kinds.js';

/** Characters that separate names from options, lists and paths. Kept short: names are typed. */
const WELL_FORMED = /^[\p{L}\p{N}][\p{L}\p{N}._+:@-]{0,99}$/u;
/** As npm has them, with capitals: `anc-plugin-zoo`, `@scope/anc-plugin-zoo`. */
const PACKAGE = /^(@[^\s/\\:()=,@]+\/)?[^\s/\\:()=,@]+$/u;

const OWN_KEYS = ['name', 'version', 'apiVersion'] as const;
const COMMON_KEYS = ['summary', 'deprecated', 'options', 'create'] as const;
const MORE_KEYS: Partial<Record<Kind, readonly string[]>> = {
  models: ['input', 'classes', 'task'],
  datasets: ['generated', 'files'],
};

/** What a value of a contribution must be, by key: a test, and the words for it. */
const VALUES: Readonly<Record<string, readonly [(value: unknown) => boolean, string]>> = {
  summary: [(value) => typeof value === 'string', 'a text'],
  deprecated: [(value) => typeof value === 'string', 'the current name'],
  create: [(value) => typeof value === 'function', 'a function (options, environment) => …'],
  options: [isStandardSchema, 'a Standard Schema, such as z.strictObject({ … }) of zod'],
  input: [
    (value) => Array.isArray(value) && value.length === 3 && value.every(isCount),
    '[height, width, channels], whole numbers from 1',
  ],
  classes: [isCount, 'a whole number from 1'],
  task: [(value) => typeof value === 'string', 'the name of a task'],
  generated: [(value) => typeof value === 'boolean', 'true or false'],
  files: [(value) => typeof value === 'function', 'a function (options) => files'],
};

/**
 * Checks a plugin before anything of it is used: kinds, names, and what every contribution consists of.
 *
 * @throws `ANC_PLUGIN` that says which plugin, what is wrong and what it may have meant.
 */
export function validatePlugin(plugin: Plugin): void {
  const { name, version } = plugin as { name: unknown; version?: unknown };
  if (typeof name !== 'string' || !PACKAGE.test(name)) {
    throw fault('a plugin has no usable name', {
      expected: "the npm package's name, without spaces, brackets or colons",
      received: shown(name),
    });
  }
  const its = `plugin "${name}"`;
  if (version !== undefined && typeof version !== 'string')
    throw fault(`the version of ${its} is wrong`, { expected: 'a text', received: shown(version) });
  const stray = Object.keys(plugin).find((key) => !has(OWN_KEYS, key) && !has(kindNames, key));
  if (stray !== undefined)
    throw unknownKey(`${its} has the unknown key "${stray}"`, stray, [...kindNames, ...OWN_KEYS]);
  for (const kind of kindNames) {
    const contributions: unknown = plugin[kind];
    if (contributions === undefined) continue;
    if (!isPlain(contributions)) {
      throw fault(`${kind} of ${its}: wrong value`, {
        expected: `an object of ${KINDS[kind]}s by name`,
        received: shown(contributions),
      });
    }
    for (const [key, contribution] of Object.entries(contributions)) checkOne(kind, key, contribution, its);
  }
}

function checkOne(kind: Kind, name: string, contribution: unknown, its: string): void {
  const what = `${KINDS[kind]} "${name}" of ${its}`;
  if (!WELL_FORMED.test(name)) {
    throw fault(`${what} has no usable name`, {
      expected: 'letters, digits and . _ + : @ - after the first letter or digit',
      received: shown(name),
      hint: 'the name is typed on the command line and becomes the name of folders.',
    });
  }
  if (typeof contribution !== 'object' || contribution === null) {
    throw fault(`${what} is no contribution`, {
      expected: '{ options, create }',
      received: shown(contribution),
      hint: 'see docs/plugins.md for one of each kind.',
    });
  }
  const known = [...COMMON_KEYS, ...(MORE_KEYS[kind] ?? [])];
  const stray = Object.keys(contribution).find((key) => !known.includes(key));
  if (stray !== undefined) throw unknownKey(`${what} has the unknown key "${stray}"`, stray, known);
  for (const key of known) {
    const value = (contribution as Record<string, unknown>)[key];
    const [isRight, expected] = VALUES[key]!;
    const isRequired = key === 'options' || key === 'create';
    if (isRight(value) || (value === undefined && !isRequired)) continue;
    throw fault(`${what}: ${value === undefined ? `${key} is missing` : `${key} is wrong`}`, {
      expected,
      received: shown(value),
    });
  }
}

/** The schema itself may be a function, as arktype's are. */
function isStandardSchema(value: unknown): boolean {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false;
  const { '~standard': standard } = value as { '~standard'?: { version?: unknown; validate?: unknown } };
  return standard?.version === 1 && typeof standard.validate === 'function';
}

function isCount(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) >= 1;
}

const isPlain = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const has = (list: readonly string[], key: string): boolean => list.includes(key);

function unknownKey(problem: string, key: string, known: readonly string[]): AncError {
  const hint = suggestion(key, known);
  return fault(problem, { expected: known.join(', '), received: key, ...(hint === null ? {} : { hint }) });
}

const fault = (problem: string, detail: { expected: string; received: string; hint?: string }): AncError =>
  new AncError('ANC_PLUGIN', `${problem}.`, detail);

/** A value in a few words. */
function shown(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'function') return 'a function';
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'object' && value !== null) {
    const keys = Object.keys(value);
    return `an object ${keys.length === 0 ? 'without keys' : `with ${keys.slice(0, 8).join(', ')}`}`;
  }
  return inspect(value).slice(0, 200);
}
