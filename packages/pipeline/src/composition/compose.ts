import 'reflect-metadata';
import { AncError, type Contributions, type OptimizerParts, type Parts, type Plugin } from '@anc/core';
import { Container, ContainerModule, type ServiceIdentifier } from 'inversify';
import { kindNames, KINDS, type EnvironmentOf, type Kind, type Made, type Registration } from './kinds.js';
import { optimizerPartsOf } from './optimizer-parts.js';
import { recordsOf, type PluginRecord, type PluginSource } from './provenance.js';
import { Registry, type RegistryEvents } from './registry.js';
import { spelledOut } from './spelled-out.js';
import { validateOptionsNow } from './validate-options.js';
import { validatePlugin } from './validate-plugin.js';

/** Everything that is registered. */
export interface Composition {
  /** What is registered, by kind and name. */
  readonly registries: { readonly [K in Kind]: Registry<K> };
  /** The objective's parts, by name: passed to methods. */
  readonly parts: Parts;
  /** Optimizers and schedules by name: passed to methods with their environment. */
  readonly optimizers: OptimizerParts;
  /** The plugins, in the order in which they were loaded. */
  readonly plugins: readonly PluginSource[];
  /** What a run records of the plugins: what of them was used until now is part of it. */
  records(): Promise<readonly PluginRecord[]>;
  /** Whether a part of a training step was made by a plugin of the user until now. */
  readonly hasOwnParts: () => boolean;
  /** Installed plugins that were found and cannot be used, with the reason. */
  readonly broken: readonly BrokenPlugin[];
}

/** Kinds whose code neither computes tensors in a training step nor runs it; a new kind counts as one that does. */
const OUTSIDE_STEPS: readonly Kind[] = ['datasets', 'augmentations', 'schedules', 'hooks'];

/** An installed plugin that cannot be used. */
export interface BrokenPlugin {
  readonly name: string;
  readonly error: AncError;
}

const tokenOf = <T>(...path: readonly string[]): ServiceIdentifier<T> =>
  Symbol.for(`anc-cli/${path.join('/')}`);

const registrationsOf = <K extends Kind>(kind: K): ServiceIdentifier<Registration<K>> =>
  tokenOf('registration', kind);
const registryOf = <K extends Kind>(kind: K): ServiceIdentifier<Registry<K>> => tokenOf('registry', kind);
const partsToken = tokenOf<Parts>('parts');
const optimizersToken = tokenOf<OptimizerParts>('optimizers');

/** A plugin's contributions as bindings of one container module. */
function moduleOf({ plugin, discovered = false }: PluginSource): ContainerModule {
  return new ContainerModule(({ bind }) => {
    for (const kind of kindNames) {
      for (const [name, contribution] of Object.entries((plugin as Contributions)[kind] ?? {})) {
        bind(registrationsOf(kind)).toConstantValue({
          kind,
          name,
          package: plugin.name,
          ...(discovered ? { discovered } : {}),
          contribution: contribution as Registration['contribution'],
        });
      }
    }
  });
}

/** One registry per kind, filled with whatever the plugins bind. */
const registriesWith = (events: RegistryEvents): ContainerModule =>
  new ContainerModule(({ bind }) => {
    for (const kind of kindNames) {
      bind(registryOf(kind))
        .toDynamicValue(
          ({ getAll }) => new Registry(kind, getAll(registrationsOf(kind), { optional: true }), events),
        )
        .inSingletonScope();
    }
    bind(partsToken)
      .toResolvedValue(partsOf, [
        registryOf('discriminators'),
        registryOf('regularizers'),
        registryOf('dataTerms'),
        registryOf('adversarialLosses'),
        registryOf('balancers'),
        registryOf('generators'),
        registryOf('discrepancies'),
        registryOf('generatorTerms'),
        registryOf('memories'),
      ])
      .inSingletonScope();
    bind(optimizersToken)
      .toResolvedValue(optimizerPartsOf, [registryOf('optimizers'), registryOf('schedules')])
      .inSingletonScope();
  });

function partsOf(
  discriminators: Registry<'discriminators'>,
  regularizers: Registry<'regularizers'>,
  dataTerms: Registry<'dataTerms'>,
  adversarialLosses: Registry<'adversarialLosses'>,
  balancers: Registry<'balancers'>,
  generators: Registry<'generators'>,
  discrepancies: Registry<'discrepancies'>,
  generatorTerms: Registry<'generatorTerms'>,
  memories: Registry<'memories'>,
): Parts {
  const makeFor =
    <K extends Kind>(registry: Registry<K>) =>
    (text: string, given: unknown, environment: EnvironmentOf<K>): Made<K> => {
      const { name, options } = spelledOut(text, given, KINDS[registry.kind]);
      const { contribution } = registry.get(name);
      const checked = validateOptionsNow(contribution.options, options, `${KINDS[registry.kind]} "${name}"`);
      return registry.build(name, checked, environment);
    };
  const make =
    <K extends Kind>(registry: Registry<K>) =>
    (text: string, given: unknown = {}): Made<K> =>
      makeFor(registry)(text, given, undefined);
  return {
    discriminator: make(discriminators),
    regularizer: make(regularizers),
    dataTerm: make(dataTerms),
    adversarialLoss: make(adversarialLosses),
    balancer: make(balancers),
    generator: makeFor(generators),
    discrepancy: make(discrepancies),
    generatorTerm: make(generatorTerms),
    memory: make(memories),
  };
}

/**
 * Joins plugins into registries. The only place that knows of a container: everything else takes what it needs as arguments.
 *
 * @throws `ANC_PLUGIN` where one is not as it should be, `ANC_PLUGIN_DUPLICATE` where two have the same name.
 */
export function compose(
  plugins: readonly (Plugin | PluginSource)[],
  broken: readonly BrokenPlugin[] = [],
): Composition {
  const sources = plugins.map((one): PluginSource =>
    'plugin' in one ? one : { plugin: one, source: 'object' },
  );
  for (const { plugin } of sources) validatePlugin(plugin);
  assertDifferentNames(sources);
  const builtIn = new Set(
    sources.filter(({ source }) => source === 'built-in').map(({ plugin }) => plugin.name),
  );
  const used = new Set<string>();
  let hasOwnParts = false;
  const events: RegistryEvents = {
    used: (name, kind) => {
      used.add(name);
      hasOwnParts ||= !OUTSIDE_STEPS.includes(kind) && !builtIn.has(name);
    },
    unknown: (name) => hintOf(name, broken),
  };
  const container = new Container();
  container.loadSync(registriesWith(events), ...sources.map(moduleOf));
  const entries = kindNames.map((kind) => [kind, container.get(registryOf(kind))] as const);
  return {
    registries: Object.fromEntries(entries) as unknown as Composition['registries'],
    parts: container.get(partsToken),
    optimizers: container.get(optimizersToken),
    plugins: sources,
    records: () => recordsOf(sources, used),
    hasOwnParts: () => hasOwnParts,
    broken,
  };
}

/** Throws `ANC_PLUGIN_DUPLICATE`: names with their packages would mean two things. */
function assertDifferentNames(sources: readonly PluginSource[]): void {
  const names = sources.map(({ plugin }) => plugin.name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice === undefined) return;
  const urls = new Set(sources.flatMap(({ plugin, url }) => (plugin.name === twice ? (url ?? []) : [])));
  if (urls.size === 1 && sources.every(({ plugin, url }) => plugin.name !== twice || url !== undefined)) {
    throw new AncError('ANC_PLUGIN_DUPLICATE', `plugin "${twice}" is given twice.`, {
      expected: 'each plugin once',
      received: [...urls].join(),
      hint: 'leave it out once: options, configuration files and library calls add up.',
    });
  }
  const from = sources.filter(({ plugin }) => plugin.name === twice).map(({ url, source }) => url ?? source);
  throw new AncError('ANC_PLUGIN_DUPLICATE', `two plugins are named "${twice}".`, {
    expected: 'a name of its own for each plugin',
    received: from.join(' and '),
    hint: 'leave one of them out of `plugins`.',
  });
}

/** What is to be said of broken plugins where a name is unknown. Throws the error of the one that the name asks for. */
function hintOf(name: string, broken: readonly BrokenPlugin[]): string | null {
  const meant = broken.find((one) => name.startsWith(`${one.name}:`));
  if (meant !== undefined) throw meant.error;
  if (broken.length === 0) return null;
  const reasons = broken.map((one) => `${one.name} (${one.error.message.replace(/\.$/, '')})`);
  return `Installed plugins that could not be used: ${reasons.join(', ')}.`;
}
