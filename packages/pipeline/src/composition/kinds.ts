import type { Contributions } from '@anc/core';

/** Everything that a plugin can bring, with what one of it is called. */
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

/** A kind of contribution, as plugins name it: `models`, `datasets`, …. */
export type Kind = keyof typeof KINDS;

/** The kinds of contributions, in the order in which `list` shows them. */
export const kindNames = Object.keys(KINDS) as readonly Kind[];

/** What the contribution of a kind makes, and the environment that it receives. */
type ContributionOf<K extends Kind> = NonNullable<Contributions[K]>[string];
export type Made<K extends Kind> = ReturnType<ContributionOf<K>['create']>;
export type EnvironmentOf<K extends Kind> = Parameters<ContributionOf<K>['create']>[1];

/** A contribution with its name and the package that brought it. */
export interface Registration<K extends Kind = Kind> {
  /** The kind. */
  readonly kind: K;
  /** Name under which it is registered. */
  readonly name: string;
  /** The npm package that contributes it. */
  readonly package: string;
  /** Whether its package was found among the installed ones, and not named by anyone. */
  readonly discovered?: boolean;
  /** The contribution itself. */
  readonly contribution: ContributionOf<K>;
}
