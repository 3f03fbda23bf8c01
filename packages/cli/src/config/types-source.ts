import { optionTable } from '@anc/pipeline/options';
import { optionSchemas, type JsonSchema } from './config-schema.js';

const NAMED = 'Named';

/** A JSON Schema as a TypeScript type. */
function typeOf(schema: JsonSchema): string {
  const {
    anyOf,
    type,
    items,
    enum: choices,
  } = schema as {
    readonly anyOf?: readonly JsonSchema[];
    readonly type?: string | readonly string[];
    readonly items?: JsonSchema;
    readonly enum?: readonly unknown[];
  };
  if (choices !== undefined) return choices.map((choice) => `'${String(choice)}'`).join(' | ');
  if (anyOf?.some((part) => part['type'] === 'object') === true) return NAMED;
  if (anyOf !== undefined) return anyOf.map(typeOf).join(' | ');
  if (type !== undefined && typeof type !== 'string') return type.join(' | ');
  if (type === 'array') return `readonly ${typeOf(items ?? {})}[]`;
  return type === 'integer' ? 'number' : (type ?? 'unknown');
}

/** The source of `ConfigOptions`: one member per option, with its help. */
export function configTypes(): string {
  const schemas = optionSchemas();
  const members = optionTable.map(
    ({ key, help }) =>
      `  /** ${help.replaceAll('*/', '*')} */\n  readonly ${key}?: ${typeOf(schemas[key]!)};`,
  );
  return [
    '// Written by `node tools/schema/config.mjs` from the schemas of the options.',
    '',
    '/** A name, with options where it has some: `lenet5`, `mlp(units=[64,64])`, `{ name: "mlp", units: [64, 64] }`. */',
    `export type ${NAMED} = string | { readonly name: string; readonly [option: string]: unknown };`,
    '',
    '/** Options of a run, as configuration files give them. Flags take precedence; a preset gives the rest. */',
    'export interface ConfigOptions {',
    ...members,
    '}',
    '',
  ].join('\n');
}
