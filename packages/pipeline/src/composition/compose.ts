import 'reflect-metadata';
import type { Contributions, OptimizerParts, Parts, Plugin } from '@anc/core';
import { Container, ContainerModule, type ServiceIdentifier } from 'inversify';
import { kindNames, KINDS, type Kind, type Made, type Registration } from './kinds.js';
import { optimizerPartsOf } from './optimizer-parts.js';
import { Registry } from './registry.js';
import { spelledOut } from './spelled-out.js';
import { validateOptionsNow } from './validate-options.js';
import { validatePlugin } from './validate-plugin.js';

/** Everything that is registered. */
export interface Composition {
  readonly registries: { readonly [K in Kind]: Registry<K> };
  /** The objective's parts, by name: passed to methods. */
  readonly parts: Parts;
  /** Optimizers and schedules by name: passed to methods with their environment. */
  readonly optimizers: OptimizerParts;
  readonly plugins: readonly string[];
}

const tokenOf = <T>(...path: readonly string[]): ServiceIdentifier<T> =>
  Symbol.for(`anc-cli/${path.join('/')}`);

const registrationsOf = <K extends Kind>(kind: K): ServiceIdentifier<Registration<K>> =>
  tokenOf('registration', kind);
const registryOf = <K extends Kind>(kind: K): ServiceIdentifier<Registry<K>> => tokenOf('registry', kind);
const partsToken = tokenOf<Parts>('parts');
const optimizersToken = tokenOf<OptimizerParts>('optimizers');

/** A plugin's contributions as bindings of one container module. */
function moduleOf(plugin: Plugin): ContainerModule {
  return new ContainerModule(({ bind }) => {
    for (const kind of kindNames) {
      for (const [name, contribution] of Object.entries((plugin as Contributions)[kind] ?? {})) {
        bind(registrationsOf(kind)).toConstantValue({
          kind,
          name,
          package: plugin.name,
          contribution: contribution as Registration['contribution'],
        });
      }
    }
  });
}

/** One registry per kind, filled with whatever the plugins bind. */
const registries = new ContainerModule(({ bind }) => {
  for (const kind of kindNames) {
    bind(registryOf(kind))
      .toDynamicValue(({ getAll }) => new Registry(kind, getAll(registrationsOf(kind), { optional: true })))
      .inSingletonScope();
  }
  bind(partsToken)
    .toResolvedValue(partsOf, [
      registryOf('discriminators'),
      registryOf('regularizers'),
      registryOf('dataTerms'),
      registryOf('adversarialLosses'),
      registryOf('balancers'),
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
): Parts {
  const make =
    <K extends Kind>(registry: Registry<K>) =>
    (text: string, given: unknown = {}): Made<K> => {
      const { name, options } = spelledOut(text, given, KINDS[registry.kind]);
      const { contribution } = registry.get(name);
      const checked = validateOptionsNow(contribution.options, options, `${KINDS[registry.kind]} "${name}"`);
      return registry.build(name, checked, undefined);
    };
  return {
    discriminator: make(discriminators),
    regularizer: make(regularizers),
    dataTerm: make(dataTerms),
    adversarialLoss: make(adversarialLosses),
    balancer: make(balancers),
  };
}

/**
 * Joins plugins into registries. The only place that knows of a container: everything else takes what it
 * needs as arguments. Throws `ANC_PLUGIN_DUPLICATE` where two bring the same name.
 */
export function compose(plugins: readonly Plugin[]): Composition {
  plugins.forEach(validatePlugin);
  const container = new Container();
  container.load(registries, ...plugins.map(moduleOf));
  const entries = kindNames.map((kind) => [kind, container.get(registryOf(kind))] as const);
  return {
    registries: Object.fromEntries(entries) as unknown as Composition['registries'],
    parts: container.get(partsToken),
    optimizers: container.get(optimizersToken),
    plugins: plugins.map(({ name }) => name),
  };
}
