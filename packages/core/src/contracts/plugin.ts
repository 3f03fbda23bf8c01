import type { StandardSchemaV1 } from '@standard-schema/spec';
import { AncError } from '../errors/error.js';
import type { Augmentation } from './augmentation.js';
import type { Backend } from './backend.js';
import type { Dataset, PublishedFile } from './dataset.js';
import type { Discrepancy, GeneratorEnvironment, GeneratorTerm, ReplayMemory } from './generation.js';
import type { RunHook } from './hook.js';
import type { Method } from './method.js';
import type { ClassifierOutputs, Discriminator, Generator, Network } from './network.js';
import type { AdversarialLoss, Balancer, DataTerm, Regularizer } from './objective.js';
import type { GradientTransform, LearningRateSchedule } from './optimizer.js';
import type { Task } from './task.js';

/** The version of what plugins and the program promise each other: docs/versions.md. */
export const PLUGIN_API_VERSION = 1;

/** Something that a plugin adds under a name, created from validated options. */
export interface Contribution<T, Environment = void> {
  /** One line for `anc-cli list`. */
  readonly summary?: string;
  /** Of a name of earlier versions: the current one. */
  readonly deprecated?: string;
  /** Any Standard Schema (zod, valibot, …). Gives validation, defaults and help text. */
  readonly options: StandardSchemaV1;
  /**
   * `options` is the schema's output. Where a promise may be returned, import large modules here:
   * `async (options) => new (await import('./mine.js')).Mine(options)`. Every command loads every plugin.
   */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- the schema, not this signature, types the options
  create(options: any, environment: Environment): T;
}

/** The data that a model is created for. */
export interface ModelEnvironment {
  /** [H, W, C] of the images. */
  readonly input: readonly [number, number, number];
  /** Number of classes. */
  readonly classes: number;
}

/** A model, with the usual shape of its data, which `describe` takes where none is given. */
export interface ModelContribution extends Contribution<Network<ClassifierOutputs>, ModelEnvironment> {
  /** [H, W, C] of its usual images; 28×28×1 where left out. */
  readonly input?: ModelEnvironment['input'];
  /** Their number of classes; 10 where left out. */
  readonly classes?: number;
  /** Name of the task that its logits are for; where left out, the shape of its logits decides. */
  readonly task?: string;
}

/** What a dataset is created with besides its options. */
export interface DatasetEnvironment {
  /** The folder of the user's files, where it was given. */
  readonly dataDir: string | null;
  /** Random seed, for generated data. */
  readonly seed: number;
}

/** A dataset, with the addresses of its files where they are published. */
export interface DatasetContribution extends Contribution<Dataset | Promise<Dataset>, DatasetEnvironment> {
  /** Whether it is made by the program: a folder of files has no effect on it. */
  readonly generated?: boolean;
  /**
   * Files that can be downloaded to the cache, into a folder of the dataset's name, from which `create` reads them.
   */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- typed by the schema, as in `create`
  files?(options: any): readonly PublishedFile[];
}

/** What an augmentation is created for. */
export interface AugmentationEnvironment {
  /** [H, W, C] of the images. */
  readonly shape: readonly [number, number, number];
}

/** Creates the replaceable parts of the objective by name, for methods. */
export interface Parts {
  /** Creates the discriminator of this name. */
  discriminator(name: string, options?: unknown): Discriminator;
  /** Creates the regularizer of this name. */
  regularizer(name: string, options?: unknown): Regularizer;
  /** Creates the data term of this name. */
  dataTerm(name: string, options?: unknown): DataTerm;
  /** Creates the adversarial loss of this name. */
  adversarialLoss(name: string, options?: unknown): AdversarialLoss;
  /** Creates the balancer of this name. */
  balancer(name: string, options?: unknown): Balancer;
  /** Creates the generator of this name, for images of a shape. */
  generator(name: string, options: unknown, environment: GeneratorEnvironment): Generator;
  /** Creates the discrepancy of this name. */
  discrepancy(name: string, options?: unknown): Discrepancy;
  /** Creates the generator term of this name. */
  generatorTerm(name: string, options?: unknown): GeneratorTerm;
  /** Creates the memory of this name. */
  memory(name: string, options?: unknown): ReplayMemory;
}

/** Everything that a plugin can contribute, by kind and name. */
export interface Contributions {
  /** Student and teacher networks. */
  readonly models?: Readonly<Record<string, ModelContribution>>;
  /** Datasets. */
  readonly datasets?: Readonly<Record<string, DatasetContribution>>;
  /** Augmentations of training images. */
  readonly augmentations?: Readonly<
    Record<string, Contribution<Augmentation | Promise<Augmentation>, AugmentationEnvironment>>
  >;
  /** Training methods. */
  readonly methods?: Readonly<Record<string, Contribution<Method, Parts>>>;
  /** Discriminators of the adversarial method. */
  readonly discriminators?: Readonly<Record<string, Contribution<Discriminator>>>;
  /** Regularizers of the discriminators. */
  readonly regularizers?: Readonly<Record<string, Contribution<Regularizer>>>;
  /** Terms of the student's loss that compare its outputs with the teacher's. */
  readonly dataTerms?: Readonly<Record<string, Contribution<DataTerm>>>;
  /** Losses of discriminator and student. */
  readonly adversarialLosses?: Readonly<Record<string, Contribution<AdversarialLoss>>>;
  /** Choosers of the adversarial term's weight. */
  readonly balancers?: Readonly<Record<string, Contribution<Balancer>>>;
  /** Networks that make images from noise, for data-free training. */
  readonly generators?: Readonly<Record<string, Contribution<Generator, GeneratorEnvironment>>>;
  /** Distances of student and teacher that a generator maximizes. */
  readonly discrepancies?: Readonly<Record<string, Contribution<Discrepancy>>>;
  /** Further terms of a generator's loss. */
  readonly generatorTerms?: Readonly<Record<string, Contribution<GeneratorTerm>>>;
  /** Memories of generated images. */
  readonly memories?: Readonly<Record<string, Contribution<ReplayMemory>>>;
  /** Tasks: what logits mean, targets, metrics. */
  readonly tasks?: Readonly<Record<string, Contribution<Task>>>;
  /** Optimizers, as transforms of gradients. */
  readonly optimizers?: Readonly<Record<string, Contribution<GradientTransform>>>;
  /** Learning-rate schedules. */
  readonly schedules?: Readonly<Record<string, Contribution<LearningRateSchedule>>>;
  /** Code that is called while a run goes on. */
  readonly hooks?: Readonly<Record<string, Contribution<RunHook>>>;
  /** Backends. */
  readonly backends?: Readonly<Record<string, Contribution<Backend | Promise<Backend>>>>;
}

/** A plugin: its package, the version of the interface that it was written for, and what it contributes. */
export interface PluginDefinition extends Contributions {
  /** The npm package's name. */
  readonly name: string;
  /** Recorded with runs; default: the version of the package that the plugin is loaded from. */
  readonly version?: string;
  /** The version of the plugin API that it was written for: `PLUGIN_API_VERSION`. */
  readonly apiVersion: number;
}

const BRAND = Symbol.for('@anc/plugin');

/** A plugin as `definePlugin` returns it. */
export type Plugin = PluginDefinition & { readonly [BRAND]: true };

/** Marks an object as a plugin. A package's default export is a factory that returns one. */
export function definePlugin(definition: PluginDefinition): Plugin {
  return Object.freeze({ ...definition, [BRAND]: true as const });
}

/**
 * Accepts plugins made with any copy of this package.
 *
 * @throws `ANC_PLUGIN` for anything else, `ANC_PLUGIN_API` for another version of the plugin API.
 */
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
