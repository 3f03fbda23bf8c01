import type { Composition } from '@anc/pipeline/plugins';
import { KINDS, listedOptions, type Kind, type Registration } from '@anc/pipeline/plugins';
import { formatTable } from '../terminal/table.js';

/** What `describe` says of a thing: as one document, and for people. */
export interface Description {
  readonly document: unknown;
  readonly text: string;
}

/** Anything that is registered: where it is from, what it is, its options. */
export function describeOptions({ registries }: Composition, kind: Kind, name: string): Description {
  const registration = registries[kind].get(name);
  const { schema, table } = optionsOf(registration);
  return {
    document: { ...originOf(registration), options: schema },
    text: [titleOf(registration), table].join('\n'),
  };
}

/** Its kind, name, package and summary. */
export const originOf = ({ kind, name, package: from, contribution }: Registration) => ({
  kind: KINDS[kind],
  name,
  package: from,
  summary: contribution.summary ?? null,
});

/** The same in one line. */
export const titleOf = ({ kind, name, package: from, contribution: { summary } }: Registration): string =>
  `${KINDS[kind]} ${name} (${from})${summary === undefined ? '' : `: ${summary}`}`;

/** The options as JSON Schema, or null where their schema cannot say, and as a table. */
export function optionsOf({ contribution }: Registration): {
  readonly schema: object | null;
  readonly table: string;
} {
  const schema = listedOptions(contribution.options);
  const properties = Object.entries(schema?.properties ?? {});
  const rows = properties.map(([option, { description, default: fallback }]) => [
    option,
    fallback === undefined ? '' : JSON.stringify(fallback),
    typeof description === 'string' ? description : '',
  ]);
  const none = schema === null ? 'Its schema does not list its options.' : 'It has no options.';
  return {
    schema,
    table: rows.length === 0 ? none : formatTable(['option', 'default', 'what'], rows, 'left'),
  };
}
