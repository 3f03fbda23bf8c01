import { AncError } from '@anc/core';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import { suggestion } from '../nearest.js';

/** Checks options with any Standard Schema. Throws `ANC_OPTIONS` with the first thing that is wrong. */
export async function validateOptions(
  schema: StandardSchemaV1,
  options: unknown,
  of: string,
): Promise<unknown> {
  return settle(await schema['~standard'].validate(options), schema, of);
}

/** The same for where waiting is not possible; throws `ANC_OPTIONS` where the schema insists on it. */
export function validateOptionsNow(schema: StandardSchemaV1, options: unknown, of: string): unknown {
  const result = schema['~standard'].validate(options);
  if (result instanceof Promise) {
    throw new AncError('ANC_OPTIONS', `the options of ${of} are checked asynchronously.`, {
      expected: 'a schema that checks at once',
    });
  }
  return settle(result, schema, of);
}

function settle(result: StandardSchemaV1.Result<unknown>, schema: StandardSchemaV1, of: string): unknown {
  if (result.issues === undefined) return result.value;
  const issue = result.issues[0]!;
  const path = (issue.path ?? []).map((part) => String(typeof part === 'object' ? part.key : part)).join('.');
  const unknown = unknownKey(issue);
  const hint = unknown === null ? null : suggestion(unknown, optionNames(schema) ?? []);
  throw new AncError(
    'ANC_OPTIONS',
    unknown === null ? `option "${path}" of ${of}: ${issue.message}.` : `${of} has no option "${unknown}".`,
    {
      ...(unknown === null ? {} : { expected: (optionNames(schema) ?? []).join(', ') || 'no options' }),
      ...(hint === null ? {} : { hint }),
      cause: issue,
    },
  );
}

/** zod names the keys that it does not know; other libraries may not. */
function unknownKey(issue: StandardSchemaV1.Issue): string | null {
  const { keys } = issue as { keys?: unknown };
  return Array.isArray(keys) && typeof keys[0] === 'string' ? keys[0] : null;
}

/** The option names that a schema shows (zod objects do), or null where it does not say. */
export function optionNames(schema: StandardSchemaV1): readonly string[] | null {
  const { shape } = schema as { shape?: unknown };
  return typeof shape === 'object' && shape !== null ? Object.keys(shape) : null;
}
