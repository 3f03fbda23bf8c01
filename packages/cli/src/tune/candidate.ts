import { currentOptions } from '@anc/methods';
import type { Composition } from '../composition/compose.js';
import type { Named } from '../composition/registry.js';
import type { Config } from '../config/resolve.js';
import { methodOptions } from '../run/method-options.js';
import type { Setting } from './settings.js';

/** The run's options under a setting. */
export const under = (config: Config, { learningRate, temperature }: Setting): Config => ({
  ...config,
  learningRate,
  ...(temperature === undefined ? {} : { temperature }),
});

type Registries = Pick<Composition, 'registries'>;

const optionsUnder = (method: Named, config: Config, setting: Setting, composition: Registries) =>
  methodOptions(method, under(config, setting), composition);

/** Whether a setting's part reaches a method: one that has its own is not tuned. */
export function takes(part: keyof Setting, method: Named, config: Config, composition: Registries): boolean {
  const [one, other] = [1, 2].map((value) =>
    JSON.stringify(
      optionsUnder(method, config, { learningRate: config.learningRate, [part]: value }, composition),
    ),
  );
  return one !== other;
}

/** The method with the setting among its own options: what it is by itself in a comparison. */
export function settled(method: Named, config: Config, setting: Setting, composition: Registries): Named {
  const usual = methodOptions(method, config, composition);
  const found = optionsUnder(method, config, setting, composition);
  const key = ['optimizer', 'recipe'].find((name) => name in found);
  const changed = Object.entries(found).filter(
    ([name, value]) => name !== key && JSON.stringify(value) !== JSON.stringify(usual[name]),
  );
  const { learningRate } = setting;
  const schema = composition.registries.methods.get(method.name).contribution.options;
  const { options } = currentOptions(schema, method.options);
  const optimizer =
    key === undefined ? {} : { [key]: { ...(options[key] as object | undefined), learningRate } };
  return { name: method.name, options: { ...options, ...optimizer, ...Object.fromEntries(changed) } };
}
