import { optionTable } from '@anc/pipeline/options';
import { z } from 'zod';

/** JSON Schema of one option. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** Largest integers are no limit that a reader needs to see. */
const plain = (schema: JsonSchema): JsonSchema =>
  Object.fromEntries(
    Object.entries(schema)
      .filter(
        ([key, value]) => key !== '$schema' && !(key === 'maximum' && value === Number.MAX_SAFE_INTEGER),
      )
      .map(([key, value]) => [
        key,
        Array.isArray(value)
          ? value.map((part: unknown) => (typeof part === 'object' ? plain(part as JsonSchema) : part))
          : typeof value === 'object' && value !== null && key !== 'properties'
            ? plain(value as JsonSchema)
            : value,
      ]),
  );

/** The schema of every option of configuration files, by key, with its help as description. */
export const optionSchemas = (): Readonly<Record<string, JsonSchema>> =>
  Object.fromEntries(
    optionTable.map(({ key, schema, help }) => [
      key,
      { description: help, ...plain(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' })) },
    ]),
  );

/** JSON Schema (draft 2020-12) of `anc.config.yaml` and `anc.config.json`, for completion in editors. */
export const configSchema = (): JsonSchema => ({
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'Configuration of anc-cli',
  description: 'Options of anc-cli run, compare and tune. Flags take precedence; a preset gives the rest.',
  type: 'object',
  additionalProperties: false,
  properties: { $schema: { type: 'string' }, ...optionSchemas() },
});
