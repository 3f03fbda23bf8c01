import type { Composition } from '../composition/compose.js';
import { optionNames } from '../composition/validate-options.js';
import { flagName, metaOf } from '../config/flags.js';
import type { Config } from '../config/resolve.js';
import type { ConfigKey } from '../config/schema.js';
import { methodOptions } from './method-options.js';

/** Options that were said and that nothing in this run takes: one sentence each. */
export function unusedOptions(
  config: Config,
  said: readonly ConfigKey[],
  composition: Pick<Composition, 'registries'>,
): string[] {
  return said.flatMap((key) => {
    const why = config[key] === undefined || config[key] === null ? null : reason(key, config, composition);
    return why === null ? [] : [`${flagName(key)} has no effect: ${why}.`];
  });
}

/** Why nothing takes an option, or null where something does. */
function reason(key: ConfigKey, config: Config, composition: Pick<Composition, 'registries'>): string | null {
  const objective = metaOf(key).group === metaOf('lambda').group;
  if (objective) {
    const taken = config.methods.some((method) => {
      const options = (of: Config): string => JSON.stringify(methodOptions(method, of, composition));
      return options(config) !== options({ ...config, [key]: undefined });
    });
    return taken ? null : (WHO[key] ?? `none of the methods takes it`);
  }
  switch (key) {
    case 'views':
      return config.crop === 0 && !config.flip ? 'there are neither crops nor flips to draw' : null;
    case 'milestones':
    case 'milestoneUnit':
    case 'decayFactor':
      return config.schedule === 'step' ? null : `the schedule is ${config.schedule}, not step`;
    case 'momentum':
      return optimizersOf(config).some((name) => name === 'momentum' || name === 'nesterov')
        ? null
        : `${config.optimizer} has none`;
    case 'threads': {
      const { backend, teacherBackend = backend, studentBackend = backend } = config;
      const known = [teacherBackend, studentBackend].some(({ name }) =>
        optionNames(composition.registries.backends.get(name).contribution.options)?.includes('threads'),
      );
      return known ? null : `the backend "${studentBackend.name}" has no such option`;
    }
    default:
      return null;
  }
}

const WHO: Partial<Record<ConfigKey, string>> = {
  discriminator: 'none of the methods takes it, or each of its discriminators says its own',
  discriminatorInput: 'none of the methods takes it, or each of its discriminators says its own input',
  adapter: 'none of the methods takes it, or each of its discriminators says its own',
  mu: 'no regularizer of this run takes it',
  reduction: 'no method or data term of this run takes it',
  temperature: 'no method or data term of this run takes it',
};

/** Every optimizer that somebody in the run may use. */
function optimizersOf({ optimizer, teacherOptimizer, discriminatorOptimizer, methods }: Config): unknown[] {
  const own = methods.flatMap(({ options }) =>
    ['optimizer', 'discriminatorOptimizer', 'recipe', 'discriminatorRecipe'].map(
      (key) => (options[key] as { optimizer?: unknown } | undefined)?.optimizer,
    ),
  );
  return [optimizer, teacherOptimizer, discriminatorOptimizer, ...own];
}
