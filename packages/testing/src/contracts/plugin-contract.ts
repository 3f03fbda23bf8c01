import '@tensorflow/tfjs-backend-cpu';
import type { Parts, Plugin } from '@anc/core';
import type { ContractRunner } from '../harness/contract-runner.js';
import { suiteOf } from '../harness/suite.js';
import { violation } from '../harness/violation.js';
import {
  checkContribution,
  checkDefinition,
  contributionsOf,
  kinds,
  KINDS,
  validated,
  type AnyContribution,
  type PluginKind,
} from '../plugin/check-definition.js';
import { adversarialLossContract, type AdversarialLossContractOptions } from './adversarial-loss-contract.js';
import { augmentationContract, type AugmentationContractOptions } from './augmentation-contract.js';
import { backendContract, type BackendContractOptions } from './backend-contract.js';
import { balancerContract, type BalancerContractOptions } from './balancer-contract.js';
import { dataTermContract, type DataTermContractOptions } from './data-term-contract.js';
import { datasetContract } from './dataset-contract.js';
import { discriminatorContract, type DiscriminatorContractOptions } from './discriminator-contract.js';
import { discrepancyContract, type DiscrepancyContractOptions } from './discrepancy-contract.js';
import { generatorContract, type GeneratorContractOptions } from './generator-contract.js';
import { generatorTermContract, type GeneratorTermContractOptions } from './generator-term-contract.js';
import { hookContract, type HookContractOptions } from './hook-contract.js';
import { memoryContract, type MemoryContractOptions } from './memory-contract.js';
import { methodContract, type MethodContractOptions } from './method-contract.js';
import { networkContract, type NetworkContractOptions } from './network-contract.js';
import { optimizerContract, type OptimizerContractOptions } from './optimizer-contract.js';
import { regularizerContract, type RegularizerContractOptions } from './regularizer-contract.js';
import { scheduleContract } from './schedule-contract.js';
import { taskContract, type TaskContractOptions } from './task-contract.js';

/** How one contribution is tested. */
interface Tested<Contract> {
  /** Its options as a user gives them; none by default. */
  readonly options?: unknown;
  /** Options of its contract suite; `false` leaves the suite out. */
  readonly contract?: Contract | false;
}

type ByName<Contract> = Readonly<Record<string, Tested<Contract>>>;

/** How the contributions of a plugin are tested, by kind and name; those that are not named, with their defaults. */
export interface PluginContractOptions {
  /** Models, by name. */
  readonly models?: ByName<Partial<NetworkContractOptions>>;
  /** Datasets, with the folder of their files and the seed of generated data, by name. */
  readonly datasets?: ByName<{ readonly dataDir?: string; readonly seed?: number }>;
  /** Augmentations, by name. */
  readonly augmentations?: ByName<AugmentationContractOptions>;
  /** Methods, by name. */
  readonly methods?: ByName<MethodContractOptions>;
  /** Discriminators, by name. */
  readonly discriminators?: ByName<DiscriminatorContractOptions>;
  /** Regularizers, by name. */
  readonly regularizers?: ByName<RegularizerContractOptions>;
  /** Data terms, by name. */
  readonly dataTerms?: ByName<DataTermContractOptions>;
  /** Adversarial losses, by name. */
  readonly adversarialLosses?: ByName<AdversarialLossContractOptions>;
  /** Balancers, by name. */
  readonly balancers?: ByName<BalancerContractOptions>;
  /** Generators, by name. */
  readonly generators?: ByName<GeneratorContractOptions>;
  /** Discrepancies, by name. */
  readonly discrepancies?: ByName<DiscrepancyContractOptions>;
  /** Generator terms, by name. */
  readonly generatorTerms?: ByName<GeneratorTermContractOptions>;
  /** Replay memories, by name. */
  readonly memories?: ByName<MemoryContractOptions>;
  /** Tasks, by name. */
  readonly tasks?: ByName<Partial<TaskContractOptions>>;
  /** Optimizers, by name. */
  readonly optimizers?: ByName<OptimizerContractOptions>;
  /** Learning-rate schedules, by name. */
  readonly schedules?: ByName<Record<string, never>>;
  /** Run hooks, by name. */
  readonly hooks?: ByName<HookContractOptions>;
  /** Backends, by name. */
  readonly backends?: ByName<BackendContractOptions>;
  /** Creates parts of the objective for methods that use those of other plugins; the plugin's own by default. */
  readonly parts?: Parts;
}

const isCreatable = (contribution: AnyContribution | null): boolean =>
  typeof contribution?.create === 'function';

type Create = (environment?: unknown) => never;

/** The suite of each kind. `create` makes the contribution for an environment. */
const SUITES: Readonly<
  Record<
    PluginKind,
    (
      runner: ContractRunner,
      create: Create,
      contract: never,
      at: { readonly contribution: AnyContribution; readonly parts: Parts },
    ) => void
  >
> = {
  models(runner, create, contract: Partial<NetworkContractOptions>, { contribution }) {
    const input = contract.input ?? contribution.input ?? [28, 28, 1];
    const classes = contract.classes ?? contribution.classes ?? 10;
    networkContract(runner, () => create({ input, classes }), { ...contract, input, classes });
  },
  datasets: (runner, create, { dataDir, seed = 1 }: { dataDir?: string; seed?: number }) =>
    datasetContract(runner, () => create({ dataDir: dataDir ?? null, seed })),
  augmentations: (runner, create, contract) =>
    augmentationContract(runner, (shape) => create({ shape }), contract),
  methods: (runner, create, contract, { parts }) => methodContract(runner, () => create(parts), contract),
  discriminators: (runner, create, contract) => discriminatorContract(runner, () => create(), contract),
  regularizers: (runner, create, contract) => regularizerContract(runner, () => create(), contract),
  dataTerms: (runner, create, contract) => dataTermContract(runner, () => create(), contract),
  adversarialLosses: (runner, create, contract) => adversarialLossContract(runner, () => create(), contract),
  balancers: (runner, create, contract) => balancerContract(runner, () => create(), contract),
  generators(runner, create, contract: GeneratorContractOptions = {}) {
    const image = contract.image ?? [6, 6, 1];
    generatorContract(runner, () => create({ image }), { ...contract, image });
  },
  discrepancies: (runner, create, contract) => discrepancyContract(runner, () => create(), contract),
  generatorTerms: (runner, create, contract) => generatorTermContract(runner, () => create(), contract),
  memories: (runner, create, contract) => memoryContract(runner, () => create(), contract),
  tasks: (runner, create, contract: Partial<TaskContractOptions>) =>
    taskContract(runner, () => create(), { input: [8, 8, 3], classes: 4, ...contract }),
  optimizers: (runner, create, contract) => optimizerContract(runner, () => create(), contract),
  schedules: (runner, create) => scheduleContract(runner, () => create()),
  hooks: (runner, create, contract) => hookContract(runner, () => create(), contract),
  backends: (runner, create, contract) => backendContract(runner, () => create(), contract),
};

/** Makes a contribution from options as a user gives them. */
function made(what: string, contribution: AnyContribution, options: unknown, environment: unknown): never {
  const checked = validated(what, contribution, options);
  const value = (contribution.create as (options: unknown, environment: unknown) => unknown)(
    checked,
    environment,
  );
  if (typeof value === 'object' && value !== null) return value as never;
  throw violation(`${what} creates nothing.`, {
    expected: `a ${what.split(' "')[0]}`,
    received: String(value),
    hint: 'return it from create.',
  });
}

/** The parts of the objective that a plugin has itself. */
function ownParts(plugin: unknown): Parts {
  const part =
    (kind: PluginKind) =>
    (name: string, options: unknown = {}, environment?: unknown): never => {
      const what = `${KINDS[kind]} "${name}"`;
      const found = contributionsOf(plugin, kind).find(([own]) => own === name);
      if (found !== undefined) return made(what, found[1], options, environment);
      throw violation(`the method asks for ${what}, which this plugin does not have.`, {
        expected: `one of ${
          contributionsOf(plugin, kind)
            .map(([own]) => own)
            .join(', ') || '(none)'
        }`,
        received: name,
        hint: 'pass parts to pluginContract that create it.',
      });
    };
  return {
    discriminator: part('discriminators'),
    regularizer: part('regularizers'),
    dataTerm: part('dataTerms'),
    adversarialLoss: part('adversarialLosses'),
    balancer: part('balancers'),
    generator: part('generators'),
    discrepancy: part('discrepancies'),
    generatorTerm: part('generatorTerms'),
    memory: part('memories'),
  };
}

/**
 * Contract of a whole plugin: made by `definePlugin`, for this version of the plugin API, with known kinds of
 * contributions; each contribution has a usable name, a Standard Schema and `create`; and each passes the contract suite
 * of its kind, created from its default options or from those that are given here.
 *
 * @param given the plugin, or the factory that a package exports.
 * @param options how contributions are tested: `{ discriminators: { patch: { options: { width: 8 } } } }`.
 */
export function pluginContract(
  runner: ContractRunner,
  given: Plugin | (() => Plugin),
  options: PluginContractOptions = {},
): void {
  const { describe, it } = suiteOf(runner, 'the plugin');
  const open = (): Plugin => (typeof given === 'function' ? given() : given);
  const defined =
    'export what definePlugin({ name, apiVersion: PLUGIN_API_VERSION, … }) returns, or a function that returns it.';
  let plugin: unknown;
  try {
    plugin = open();
  } catch {
    plugin = null; // the first test calls it again, and reports the error
  }
  const parts = options.parts ?? ownParts(plugin);

  describe('plugin contract', () => {
    it('is a plugin of known kinds', defined, (check) => checkDefinition(open(), check));

    it(
      'is tested by names that it has',
      'name contributions of the plugin in the options of pluginContract.',
      (check) => {
        const wrong = kinds.flatMap((kind) => {
          const names = contributionsOf(plugin, kind).map(([name]) => name);
          const asked = Object.keys(options[kind] ?? {});
          return asked.filter((name) => !names.includes(name)).map((name) => `${kind}: ${name}`);
        });
        check.none(wrong, 'has not what is to be tested', 'names of its contributions');
      },
    );

    for (const kind of kinds) {
      for (const [name, contribution] of contributionsOf(plugin, kind)) {
        const what = `${KINDS[kind]} "${name}"`;
        const own = suiteOf(runner, `the ${what}`);
        const hint = 'declare { summary, options: z.strictObject({ … }), create: (options) => … }.';
        const { options: user = {}, contract = {} } = (options[kind]?.[name] ?? {}) as Tested<object>;
        const create = (environment?: unknown): never => made(what, contribution, user, environment);
        describe(what, () => {
          own.it('is declared with a name, a schema and create', hint, (check) =>
            checkContribution(name, contribution, check),
          );
          if (contract === false || !isCreatable(contribution)) return;
          SUITES[kind](runner, create, contract as never, { contribution, parts });
        });
      }
    }
  });
}
