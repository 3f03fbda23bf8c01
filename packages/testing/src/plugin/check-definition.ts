import { PLUGIN_API_VERSION, type Contributions, type Plugin } from '@anc/core';
import { shown } from '../harness/shown.js';
import type { Check } from '../harness/suite.js';
import { violation } from '../harness/violation.js';

/** The kinds of contributions, by their key in a plugin, as messages call one of them. */
export const KINDS = {
  models: 'model',
  datasets: 'dataset',
  augmentations: 'augmentation',
  methods: 'method',
  discriminators: 'discriminator',
  regularizers: 'regularizer',
  dataTerms: 'data term',
  adversarialLosses: 'adversarial loss',
  balancers: 'balancer',
  generators: 'generator',
  discrepancies: 'discrepancy',
  generatorTerms: 'generator term',
  memories: 'memory',
  tasks: 'task',
  optimizers: 'optimizer',
  schedules: 'schedule',
  hooks: 'hook',
  backends: 'backend',
} as const satisfies Record<keyof Contributions, string>;

export type PluginKind = keyof typeof KINDS;

export const kinds = Object.keys(KINDS) as PluginKind[];

/** A contribution as a plugin holds it, of any kind. */
export interface AnyContribution {
  readonly summary?: unknown;
  readonly options?: unknown;
  readonly create?: unknown;
  readonly input?: readonly [number, number, number];
  readonly classes?: number;
}

/** Names of contributions that the program takes. */
const NAME = /^[\p{L}\p{N}][\p{L}\p{N}._+:@-]{0,99}$/u;
/** Names of npm packages. */
const PACKAGE = /^(@[a-z0-9][a-z0-9._-]*\/)?[a-z0-9][a-z0-9._-]*$/;

/** What a plugin has of one kind; anything else than an object gives nothing. */
export const contributionsOf = (plugin: unknown, kind: PluginKind): readonly [string, AnyContribution][] => {
  const found = (plugin as Record<string, unknown> | null)?.[kind];
  return typeof found === 'object' && found !== null
    ? (Object.entries(found) as [string, AnyContribution][])
    : [];
};

/** The plugin itself: made by `definePlugin`, for this version, of known kinds. */
export function checkDefinition(plugin: unknown, { that, equal, none }: Check): asserts plugin is Plugin {
  const isPlugin = typeof plugin === 'object' && plugin !== null && Symbol.for('@anc/plugin') in plugin;
  that(isPlugin, 'is no plugin', {
    expected: 'what definePlugin({ … }) returns',
    received:
      plugin === null
        ? 'null'
        : typeof plugin === 'object'
          ? `an object with ${Object.keys(plugin).join(', ')}`
          : typeof plugin,
  });
  const { name, version, apiVersion, ...rest } = plugin as Plugin;
  equal(apiVersion, PLUGIN_API_VERSION, 'is for another version of the plugin API');
  that(typeof name === 'string' && PACKAGE.test(name), 'has no usable name', {
    expected: "the name of its npm package, such as 'anc-plugin-patch'",
    received: name,
  });
  that(version === undefined || typeof version === 'string', 'has a version that is no text', {
    expected: "a text such as '1.0.0'; the version of its package where it is left out",
    received: version,
  });
  const unknown = Object.keys(rest).filter((key) => !(key in KINDS));
  none(
    unknown,
    'has keys that are no kind of contribution',
    `name, version, apiVersion and some of ${kinds.join(', ')}`,
  );
  const odd = kinds.filter((kind) => {
    const value = rest[kind] as unknown;
    return value !== undefined && (typeof value !== 'object' || value === null || Array.isArray(value));
  });
  none(odd, 'has a kind that is no object', 'contributions by name: { patch: { summary, options, create } }');
  const count = kinds.flatMap((kind) => contributionsOf(plugin, kind)).length;
  that(count > 0, 'contributes nothing', {
    expected: `something under ${kinds.join(', ')}`,
    received: 'nothing',
  });
}

/** One contribution: its name, its summary, its schema and how it is created. */
export function checkContribution(name: string, contribution: AnyContribution | null, { that }: Check): void {
  that(NAME.test(name), 'has a name that no flag can hold', {
    expected: "up to 100 letters, digits and . _ + : @ -, a letter or digit first: 'patch', 'small-net'",
    received: name,
  });
  that(typeof contribution === 'object' && contribution !== null, 'is no contribution', {
    expected: '{ summary, options, create }',
    received: contribution,
  });
  const { summary, options, create } = contribution ?? {};
  that(
    summary === undefined || (typeof summary === 'string' && summary !== ''),
    'has a summary that is no text',
    {
      expected: 'one line for `anc-cli list`',
      received: summary,
    },
  );
  that(schemaOf(options) !== null, 'has options that are no schema', {
    expected: 'a Standard Schema, such as z.strictObject({ … })',
    received: options,
  });
  that(typeof create === 'function', 'cannot be created', {
    expected: 'create: (options, environment) => …',
    received: typeof create,
  });
}

/** The validation of a Standard Schema. */
interface Schema {
  validate(value: unknown): unknown;
}

/** A schema's validation, or null for what is no Standard Schema. */
function schemaOf(options: unknown): Schema | null {
  const isHolder = (typeof options === 'object' && options !== null) || typeof options === 'function';
  const standard = isHolder ? (options as { '~standard'?: Schema })['~standard'] : undefined;
  return typeof standard?.validate === 'function' ? standard : null;
}

/** Options as the schema of a contribution returns them. @throws a violation where it refuses them. */
export function validated(what: string, contribution: AnyContribution, given: unknown): unknown {
  const result = schemaOf(contribution.options)?.validate(given) as
    { issues?: readonly { message: string; path?: readonly unknown[] }[]; value?: unknown } | undefined;
  if (result === undefined || result instanceof Promise) {
    throw violation(`${what} has a schema that does not validate at once.`, {
      expected: 'a Standard Schema that returns its result',
      received: result === undefined ? 'no schema' : 'a promise',
      hint: 'validate without asynchronous checks.',
    });
  }
  if (result.issues === undefined) return result.value;
  const at = (path: readonly unknown[] = []): string =>
    path.length === 0 ? '' : `${path.map(String).join('.')}: `;
  throw violation(`${what} refuses the options of this test.`, {
    expected: 'options that its schema accepts; the defaults where none are given',
    received: `${shown(given)}: ${result.issues.map(({ path, message }) => `${at(path)}${message}`).join('; ')}`,
    hint: 'give every option a default, or pass some to pluginContract: { discriminators: { patch: { options } } }.',
  });
}
