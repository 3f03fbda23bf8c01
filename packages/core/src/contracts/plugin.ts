import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { Backend } from './backend.js';
import type { Dataset, PublishedFile } from './dataset.js';
import { AncError } from '../errors/error.js';
import type { Method } from './method.js';
import type { ClassifierOutputs, Discriminator, Network } from './network.js';
import type { AdversarialLoss, Balancer, DataTerm, Regularizer } from './objective.js';

export const PLUGIN_API_VERSION = 1;

/** A named thing that can be made from validated options. */
export interface Contribution<T, Environment = void> {
  readonly summary?: string;
  /** Any Standard Schema (zod, valibot, …). Gives validation, defaults and help text. */
  readonly options: StandardSchemaV1;
  /**
   * `options` is what the schema returned; it does what the schema promises and no more. Where a promise may be
   * returned, what is large is best loaded here: `async (o) => new (await import('./mine.js')).Mine(o)`. Every
   * command loads every plugin.
   */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- the schema, not this signature, types the options
  create(options: any, environment: Environment): T;
}

/** What a model is told of the data it will see. */
export interface ModelEnvironment {
  readonly input: readonly [number, number, number];
  readonly classes: number;
}

/** A network that may say what it is usually given, so that nobody has to say it to have it described. */
export interface ModelContribution extends Contribution<Network<ClassifierOutputs>, ModelEnvironment> {
  /** [H, W, C] of its natural images; where it says nothing, `describe` takes 28×28×1. */
  readonly input?: ModelEnvironment['input'];
  /** Their classes; 10 where it says nothing. */
  readonly classes?: number;
}

/** What a dataset is told of the machine. */
export interface DatasetEnvironment {
  /** Where the user's files are, if said. */
  readonly dataDir: string | null;
  readonly seed: number;
}

/** A dataset that may know where its files are published. */
export interface DatasetContribution extends Contribution<Dataset | Promise<Dataset>, DatasetEnvironment> {
  /** What can be fetched into the cache, in the folder of the dataset's name, where `create` then looks. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- typed by the schema, as in `create`
  files?(options: any): readonly PublishedFile[];
}

/** What a method can ask for by name: the objective's replaceable parts. */
export interface Parts {
  discriminator(name: string, options?: unknown): Discriminator;
  regularizer(name: string, options?: unknown): Regularizer;
  dataTerm(name: string, options?: unknown): DataTerm;
  adversarialLoss(name: string, options?: unknown): AdversarialLoss;
  balancer(name: string, options?: unknown): Balancer;
}

/** Everything that a plugin can bring. */
export interface Contributions {
  readonly models?: Readonly<Record<string, ModelContribution>>;
  readonly datasets?: Readonly<Record<string, DatasetContribution>>;
  readonly methods?: Readonly<Record<string, Contribution<Method, Parts>>>;
  readonly discriminators?: Readonly<Record<string, Contribution<Discriminator>>>;
  readonly regularizers?: Readonly<Record<string, Contribution<Regularizer>>>;
  readonly dataTerms?: Readonly<Record<string, Contribution<DataTerm>>>;
  readonly adversarialLosses?: Readonly<Record<string, Contribution<AdversarialLoss>>>;
  readonly balancers?: Readonly<Record<string, Contribution<Balancer>>>;
  readonly backends?: Readonly<Record<string, Contribution<Backend | Promise<Backend>>>>;
}

export interface PluginDefinition extends Contributions {
  /** The npm package's name. */
  readonly name: string;
  readonly apiVersion: number;
}

const BRAND = Symbol.for('@anc/plugin');

export type Plugin = PluginDefinition & { readonly [BRAND]: true };

/** Marks an object as a plugin. A package's default export is a factory that returns one. */
export function definePlugin(definition: PluginDefinition): Plugin {
  return Object.freeze({ ...definition, [BRAND]: true as const });
}

/** Accepts plugins of any copy of this package; throws `ANC_PLUGIN` on anything else or another API version. */
export function assertPlugin(value: unknown, from: string): asserts value is Plugin {
  if (typeof value !== 'object' || value === null || !(BRAND in value)) {
    throw new AncError('ANC_PLUGIN', `"${from}" is not a plugin.`, {
      expected: 'a default export that is, or returns, definePlugin({ … })',
      received: value === null ? 'null' : typeof value,
    });
  }
  const { apiVersion, name } = value as Plugin;
  if (apiVersion !== PLUGIN_API_VERSION) {
    throw new AncError(
      'ANC_PLUGIN_API',
      `plugin "${name}" was written for another version of the plugin API.`,
      {
        expected: `apiVersion ${PLUGIN_API_VERSION}`,
        received: `apiVersion ${apiVersion}`,
        hint: `install a version of ${name} that supports this @anc/core.`,
      },
    );
  }
}
