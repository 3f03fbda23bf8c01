import type { StandardJSONSchemaV1, StandardSchemaV1 } from '@standard-schema/spec';

/** A JSON Schema of an object of options. */
export type OptionsSchema = Readonly<Record<string, unknown>> & {
  readonly properties?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
};

/**
 * What a schema says of its options, as JSON Schema of their input: by the Standard JSON Schema interface, which zod and arktype
 * have and `toStandardJsonSchema` of @valibot/to-json-schema adds; of valibot's own schemas, by their entries; by the fields of
 * other libraries' objects, names and defaults alone. Null where it says nothing.
 */
export function listedOptions(schema: StandardSchemaV1): OptionsSchema | null {
  return byStandard(schema) ?? byEntries(schema) ?? byShape(schema);
}

function byStandard(schema: StandardSchemaV1): OptionsSchema | null {
  const { jsonSchema } = schema['~standard'] as Partial<StandardJSONSchemaV1.Props>;
  if (typeof jsonSchema?.input !== 'function') return null;
  for (const target of ['draft-2020-12', 'draft-07']) {
    // What cannot be written as JSON Schema stands for anything, where the library can be asked for that.
    for (const libraryOptions of [{ unrepresentable: 'any', fallback: () => ({}) }, undefined]) {
      try {
        const found: unknown = jsonSchema.input({ target, ...(libraryOptions && { libraryOptions }) });
        if (isRecord(found)) return found;
      } catch {
        // the next form, or the fields
      }
    }
  }
  return null;
}

/** valibot: `{ type: 'strict_object', entries: { units: { type: 'optional', wrapped, default } } }`. */
function byEntries(schema: StandardSchemaV1): OptionsSchema | null {
  const { entries, type } = schema as { entries?: unknown; type?: unknown };
  if (!isRecord(entries) || typeof type !== 'string' || !type.endsWith('object')) return null;
  return objectOf(entries, (entry) => {
    const { wrapped, default: fallback, type: kind } = entry;
    const inner = isRecord(wrapped) ? wrapped : entry;
    const pipe = [entry, inner].flatMap(({ pipe }) => (Array.isArray(pipe) ? (pipe as unknown[]) : []));
    const said = pipe.find((step) => isRecord(step) && step.type === 'description') as
      { description?: unknown } | undefined;
    return {
      ...typeOf(String(inner.type ?? kind)),
      ...(typeof said?.description === 'string' ? { description: said.description } : {}),
      ...defaultOf(fallback),
    };
  });
}

/** zod 3 and others: `shape`, by name. */
function byShape(schema: StandardSchemaV1): OptionsSchema | null {
  const { shape } = schema as { shape?: unknown };
  if (!isRecord(shape)) return null;
  return objectOf(shape, ({ description, _def, def }) => {
    const definition = [_def, def].find(isRecord);
    return {
      ...(typeof description === 'string' ? { description } : {}),
      ...defaultOf(definition?.defaultValue),
    };
  });
}

const objectOf = (
  fields: Readonly<Record<string, unknown>>,
  describe: (field: Record<string, unknown>) => Record<string, unknown>,
): OptionsSchema => ({
  type: 'object',
  properties: Object.fromEntries(
    Object.entries(fields).map(([name, field]) => [name, isRecord(field) ? describe(field) : {}]),
  ),
});

const TYPES = ['string', 'number', 'boolean', 'array', 'object', 'null'];
const typeOf = (type: string): { type?: string } => (TYPES.includes(type) ? { type } : {});

/** Defaults may be functions of nothing. */
function defaultOf(fallback: unknown): { default?: unknown } {
  if (fallback === undefined) return {};
  if (typeof fallback !== 'function') return { default: fallback };
  try {
    return { default: (fallback as () => unknown)() };
  } catch {
    return {};
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return (typeof value === 'object' || typeof value === 'function') && value !== null;
}
