import { currentOptions } from '@anc/methods';
import type { Composition } from '../composition/compose.js';
import { methodOptions, type MethodDefaults } from '../planning/method-options.js';
import type { Named } from '../text/named.js';
import type { Setting } from './settings.js';

/** A run's training and objective options with a setting applied. */
export const under = (
  { training, objective }: MethodDefaults,
  { learningRate, temperature }: Setting,
): MethodDefaults => ({
  training: { ...training, learningRate },
  objective: temperature === undefined ? objective : { ...objective, temperature },
});

type Registries = Pick<Composition, 'registries'>;

const optionsUnder = (method: Named, defaults: MethodDefaults, setting: Setting, composition: Registries) =>
  methodOptions(method, under(defaults, setting), composition);

/** Whether a part of a setting reaches a method: a method that sets its own is not tuned. */
export function takes(
  part: keyof Setting,
  method: Named,
  defaults: MethodDefaults,
  composition: Registries,
): boolean {
  const { learningRate } = defaults.training;
  const [one, other] = [1, 2].map((value) =>
    JSON.stringify(optionsUnder(method, defaults, { learningRate, [part]: value }, composition)),
  );
  return one !== other;
}

/** The method with the setting among its own options, as a comparison names it. */
export function settled(
  method: Named,
  defaults: MethodDefaults,
  setting: Setting,
  composition: Registries,
): Named {
  const usual = methodOptions(method, defaults, composition);
  const found = optionsUnder(method, defaults, setting, composition);
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
