import { AncError } from '@anc/core';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { z } from 'zod';
import { issueSentence } from '../text/issue-sentence.js';
import { suggestion } from '../text/nearest.js';
import { listedOptions } from './listed-options.js';
import { blaming } from './plugin-fault.js';

/** Checks options with any Standard Schema. Throws `ANC_OPTIONS` with the first thing that is wrong. */
export async function validateOptions(
  schema: StandardSchemaV1,
  options: unknown,
  of: string,
): Promise<unknown> {
  const result = await blaming(`the options schema of ${of}`, () => schema['~standard'].validate(options));
  return settle(result, schema, options, of);
}

/** The same for where waiting is not possible; throws `ANC_OPTIONS` where the schema insists on it. */
export function validateOptionsNow(schema: StandardSchemaV1, options: unknown, of: string): unknown {
  const result = blaming(`the options schema of ${of}`, () => schema['~standard'].validate(options));
  if (result instanceof Promise) {
    throw new AncError('ANC_OPTIONS', `the options of ${of} are checked asynchronously.`, {
      expected: 'a schema that checks at once',
    });
  }
  return settle(result, schema, options, of);
}

function settle(
  result: StandardSchemaV1.Result<unknown>,
  schema: StandardSchemaV1,
  options: unknown,
  of: string,
): unknown {
  const answer: unknown = result;
  const isAnswer = typeof answer === 'object' && answer !== null && ('value' in answer || 'issues' in answer);
  const isEmpty = isAnswer && Array.isArray(result.issues) && result.issues.length === 0;
  if (!isAnswer || isEmpty) {
    throw new AncError('ANC_PLUGIN', `the options schema of ${of} answers with something else.`, {
      expected: '{ value }, or { issues } with at least one { message }, as Standard Schema has it',
      received: isEmpty ? 'an empty list of issues' : String(answer),
      hint: 'use a schema of zod, valibot or arktype, or answer as they do.',
    });
  }
  if (result.issues === undefined) return result.value;
  const issue = result.issues[0]!;
  const path = (issue.path ?? []).map((part) => (typeof part === 'object' ? part.key : part));
  const unknown = unknownKey(issue);
  if (unknown !== null) throw unknownOption(unknown, path, schema, issue, of);
  const received = path.reduce<unknown>(
    (value, key) =>
      typeof value === 'object' && value !== null ? (value as Record<PropertyKey, unknown>)[key] : undefined,
    options,
  );
  throw new AncError('ANC_OPTIONS', `option "${path.map(String).join('.')}" of ${of}: ${sentence(issue)}.`, {
    received: shown(received),
    cause: issue,
  });
}

function unknownOption(
  unknown: string,
  path: readonly PropertyKey[],
  schema: StandardSchemaV1,
  cause: StandardSchemaV1.Issue,
  of: string,
): AncError {
  const known = namesAt(schema, path);
  const hint = suggestion(unknown, known ?? []);
  return new AncError('ANC_OPTIONS', `${of} has no option "${[...path, unknown].map(String).join('.')}".`, {
    ...(known === null ? {} : { expected: known.join(', ') || 'no options' }),
    ...(hint === null ? {} : { hint }),
    cause,
  });
}

/** Sentences of zod's issues are ours: theirs say neither what was received nor whole numbers in plain words. */
const sentence = (issue: StandardSchemaV1.Issue): string =>
  'code' in issue && typeof issue.code === 'string'
    ? issueSentence(issue as z.core.$ZodIssue)
    : issue.message;

function shown(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'number') return String(value); // JSON knows no NaN
  const text = (JSON.stringify(value) as string | undefined) ?? typeof value;
  return text.length > 200 ? `${text.slice(0, 200)} …` : text;
}

/** zod names the keys that it does not know; other libraries may not. */
function unknownKey(issue: StandardSchemaV1.Issue): string | null {
  const { keys } = issue as { keys?: unknown };
  return Array.isArray(keys) && typeof keys[0] === 'string' ? keys[0] : null;
}

/** The option names that a schema shows (zod objects do), or null where it does not say. */
export function optionNames(schema: StandardSchemaV1): readonly string[] | null {
  const { shape } = schema as { shape?: unknown };
  if (typeof shape === 'object' && shape !== null) return Object.keys(shape);
  const properties =
    (schema as Partial<StandardSchemaV1>)['~standard'] === undefined
      ? null
      : listedOptions(schema)?.properties;
  return properties === null || properties === undefined ? null : Object.keys(properties);
}

/** Whether a schema shows an option that takes a value of a list, with this value in it. */
export function acceptsOption(schema: StandardSchemaV1, option: string, value: string): boolean {
  const listed = listedOptions(schema)?.properties?.[option]?.enum;
  return Array.isArray(listed) && listed.includes(value);
}

/** The same of what lies at a path inside, a list's entry for one; null where the schema does not say. */
function namesAt(schema: StandardSchemaV1, path: readonly PropertyKey[]): readonly string[] | null {
  let at = unwrapped(schema);
  for (const key of path) {
    const { shape, element } = at as { shape?: Record<PropertyKey, unknown>; element?: unknown };
    at = unwrapped(shape?.[key] ?? element);
  }
  return optionNames(at as StandardSchemaV1);
}

/** zod's defaults, optionals and transforms have the schema that they are about inside; some show its shape. */
function unwrapped(schema: unknown): object {
  const { def, shape } = (schema ?? {}) as { def?: { innerType?: unknown; in?: unknown }; shape?: unknown };
  if (shape !== undefined) return schema as object;
  const inner = def?.innerType ?? def?.in;
  return inner === undefined ? (schema ?? {}) : unwrapped(inner);
}
