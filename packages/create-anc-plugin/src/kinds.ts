import { AncError } from '@anc/core';
import { closest, distance } from 'fastest-levenshtein';

/** The kinds of plugins: the word for one, its key in a plugin, and flags of `anc-cli run` that use it, {} for its name or with the name behind them. */
export const PLUGIN_KINDS = {
  model: { key: 'models', flag: '--student' },
  dataset: { key: 'datasets', flag: '--dataset' },
  augmentation: { key: 'augmentations', flag: '--augment' },
  method: { key: 'methods', flag: '--methods' },
  discriminator: { key: 'discriminators', flag: '--methods adversarial --discriminator' },
  regularizer: { key: 'regularizers', flag: '--methods adversarial --regularizer' },
  'data-term': { key: 'dataTerms', flag: '--methods adversarial --data-term' },
  'adversarial-loss': { key: 'adversarialLosses', flag: '--methods adversarial --adversarial-loss' },
  balancer: { key: 'balancers', flag: '--methods adversarial --balancer' },
  generator: { key: 'generators', flag: '--dataset none --methods "data-free(generator={})"' },
  discrepancy: { key: 'discrepancies', flag: '--dataset none --methods "data-free(discrepancy={})"' },
  'generator-term': {
    key: 'generatorTerms',
    flag: '--dataset none --methods "data-free(generatorTerms=[class-balance, {}])"',
  },
  memory: { key: 'memories', flag: '--dataset none --methods "data-free(memory={})"' },
  task: { key: 'tasks', flag: null },
  optimizer: { key: 'optimizers', flag: '--optimizer' },
  schedule: { key: 'schedules', flag: '--schedule' },
  hook: { key: 'hooks', flag: '--hook' },
  backend: { key: 'backends', flag: '--backend' },
} as const;

/** The word for a kind of plugins: `data-term`. */
export type PluginKind = keyof typeof PLUGIN_KINDS;

/** The words for all kinds of plugins. */
export const pluginKinds = Object.keys(PLUGIN_KINDS) as PluginKind[];

/** One of a kind, as sentences have it: `a data term`, `an optimizer`. */
export const oneOf = (kind: PluginKind): string =>
  `${/^[aeiou]/.test(kind) ? 'an' : 'a'} ${kind.replaceAll('-', ' ')}`;

const spelled = (word: string): string => word.toLowerCase().replaceAll(/[\s_-]+/g, '');

/**
 * The kind that a word names: `data-term`, `data term`, `dataTerms`.
 *
 * @throws `ANC_UNKNOWN` with the kinds and the nearest one.
 */
export function kindOf(word: string): PluginKind {
  const found = pluginKinds.find((kind) =>
    [kind, PLUGIN_KINDS[kind].key].some((name) => spelled(name) === spelled(word)),
  );
  if (found !== undefined) return found;
  const near = closest(spelled(word), pluginKinds);
  const isNear = distance(spelled(word), near) <= Math.max(2, near.length / 3);
  throw new AncError('ANC_UNKNOWN', `there is no kind of plugin named "${word}".`, {
    expected: `one of ${pluginKinds.join(', ')}`,
    received: word,
    hint: isNear ? `did you mean "${near}"?` : 'choose what the plugin brings.',
  });
}
