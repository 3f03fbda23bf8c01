import {
  adversarialPhases,
  adversarialStep,
  createOptimizer,
  filled,
  learningRateOf,
  mapTree,
  Method,
  type AdversarialSetup,
  type LabelUse,
  type MethodEnvironment,
  type OptimizerConfig,
  type Parts,
  type Stage,
} from '@anc/core';
import { optimizerOverridesSchema } from '@anc/core/internal';
import { z } from 'zod';
import { dataWeightOptions, optimizerOption, part, withDeprecatedNames } from '../options/index.js';
import { initAdversarialState } from '../stages/adversarial-state.js';
import { dataWeight, hardTerm, warmupShare } from '../stages/data-weight.js';
import { studentVariables } from '../stages/initial-state.js';
import { progressShare, targetShapeOf, termWeights, type WeightedTerm } from '../stages/term-stage.js';
import {
  adapterSchema,
  attachDiscriminators,
  attachedDiscriminatorSchema,
  discriminatorOptions,
  inputSchema,
} from './attached-discriminators.js';

export const formerOptimizerNames = {
  recipe: 'optimizer',
  discriminatorRecipe: 'discriminatorOptimizer',
} as const;

/** Every choice that the paper makes or leaves open, with the paper's defaults. */
export const adversarialSchema = withDeprecatedNames(
  z.strictObject({
    optimizer: optimizerOption,
    discriminatorOptimizer: optimizerOverridesSchema
      .optional()
      .describe(
        "options of the discriminator's optimizer that differ from the student's, e.g. { learningRate: 0.0005 }",
      ),
    discriminator: part('128-256-128').describe('discriminator architecture'),
    input: inputSchema,
    adapter: adapterSchema,
    discriminators: z
      .array(attachedDiscriminatorSchema)
      .min(1)
      .optional()
      .describe(
        'several discriminators: a list of { discriminator, input, adapter, weight }; the options beside the list are the defaults of its entries',
      ),
    spectralNorm: z
      .boolean()
      .default(false)
      .describe("spectral normalization: divide the discriminator's weights by their largest singular value"),
    condition: z
      .enum(['teacher', 'labels'])
      .default('teacher')
      .describe("condition of conditional discriminators: the teacher's prediction, or the labels"),
    dataTerm: part('l2').describe('distance of the logits of student and teacher'),
    ...dataWeightOptions,
    adversarialLoss: part('label-inversion').describe('losses of discriminator and student'),
    adversarialWeight: z.number().nonnegative().default(1).describe('weight of the adversarial term'),
    adversarialWarmup: z
      .number()
      .int()
      .nonnegative()
      .default(0)
      .describe(
        'epochs n after `start` over which the weight of the adversarial term rises, 1/n of it in the first; 0: all from the start',
      ),
    regularizer: part('adversarial-samples').describe('regularizer of the discriminator'),
    regularizerUpdate: z
      .enum(['joint', 'separate'])
      .default('joint')
      .describe("joint: added to the discriminator's loss; separate: an update of its own after it"),
    balancer: part('fixed').describe('how the adversarial term is weighted against the data term'),
    dropout: z
      .number()
      .min(0)
      .lt(1)
      .default(0.5)
      .describe("dropout rate of the student's features in the student phase"),
    dropoutPosition: z
      .enum(['adversarial-sample', 'inside-student'])
      .default('adversarial-sample')
      .describe(
        "where features are dropped: at the discriminator's input alone, or inside the student, before its logits",
      ),
    start: z
      .number()
      .int()
      .nonnegative()
      .default(0)
      .describe('epochs of the data term alone before adversarial training starts'),
    discriminatorSteps: z
      .number()
      .int()
      .positive()
      .default(1)
      .describe('discriminator updates per student update'),
  }),
  formerOptimizerNames,
);

/** Options of the method `adversarial`, with their defaults. */
export type AdversarialOptions = z.infer<typeof adversarialSchema>;

/** `frozen`: D keeps its random initial weights. `dead`: D's weights are zero; it outputs 1/2 and has no gradient. */
export type Control = 'none' | 'frozen' | 'dead';

export interface AdversarialVariant {
  readonly name: string;
  readonly control: Control;
  /** Further terms of the student's loss. */
  readonly terms: readonly WeightedTerm[];
}

const plain: AdversarialVariant = { name: 'adversarial', control: 'none', terms: [] };

/**
 * Adversarial network compression (Belagiannis, Farshad & Galasso 2018, arXiv 1803.10750), Eq. 8:
 * min over f_s, max over D of E[log D(f_t)] + E[log(1 - D(f_s))] + λ · E‖f_t - f_s‖² + regularizer; no labels.
 *
 * The paper fixed D 128-256-128 on the features, λ = 1, dropout 0.5 on the adversarial sample, Eq. 7 as the
 * regularizer and label inversion: the student minimizes -log D(f_s). Ours where it is silent, each an option: the sum
 * over the classes in Eq. 3, dropout in the student's phase only, D with the student's optimizer and one update per
 * step, Eq. 7 in the same loss with weight 1. Several discriminators at once are its own future work; adapters,
 * balancers, other losses, spectral norm and a delayed start are additions, off by default.
 */
export class AdversarialMethod extends Method {
  readonly name: string;
  readonly labels: LabelUse;
  readonly needsTeacher = true;
  /** Of the student's loss, beside the data term and the adversarial term. */
  readonly #terms: readonly WeightedTerm[];

  constructor(
    /** Options of the method. */
    readonly options: AdversarialOptions,
    /** Creates the parts of the objective by name. */
    readonly parts: Parts,
    /** What distinguishes a variant of the method; default: the paper's. */
    readonly variant: AdversarialVariant = plain,
  ) {
    super();
    this.name = variant.name;
    this.#terms = [...variant.terms, ...hardTerm(options)];
    const usesLabels = options.condition === 'labels' || this.#terms.some(({ term }) => term.usesLabels);
    this.labels = usesLabels ? 'required' : 'never';
  }

  stages(environment: MethodEnvironment): readonly Stage[] {
    const { options, variant } = this;
    const terms = this.#terms;
    const { ema: _ofStudent, ...shared } = options.optimizer;
    const discriminatorOptimizer: OptimizerConfig = {
      ...shared,
      ...withoutUndefined(options.discriminatorOptimizer ?? {}),
    };
    const rates = {
      student: learningRateOf(options.optimizer, environment.optimizers),
      discriminator: learningRateOf(discriminatorOptimizer, environment.optimizers),
    };
    const setup = this.#setup(environment, discriminatorOptimizer);
    const { discriminator, regularizer, student } = adversarialPhases;
    const phases = [
      ...Array<string>(options.discriminatorSteps).fill(discriminator),
      ...(options.regularizerUpdate === 'separate' ? [regularizer] : []),
      student,
    ];
    const teacherOutputs = [
      'logits',
      ...setup.discriminators.map(({ input }) => input),
      ...(setup.dataTerm.teacherOutputs ?? []),
      ...terms.flatMap(({ term }) => term.teacherOutputs),
    ];
    return [
      {
        name: 'adversarial',
        teacherOutputs: [...new Set(teacherOutputs)],
        usesLabels: this.labels === 'required',
        targetShape: targetShapeOf(environment),
        step: adversarialStep(setup),
        init: (rng, previous) => {
          const state = initAdversarialState(setup, environment, rng, previous);
          if (variant.control !== 'dead') return state;
          const isWeight = (name: string): boolean =>
            setup.discriminators.some((attached) => name.startsWith(`${attached.name}/params/`));
          return mapTree(state, (host, name) => (isWeight(name) ? filled(host.shape) : host));
        },
        next(progress) {
          const adversarial = progress.epoch >= options.start;
          return {
            phases: adversarial ? phases : [student],
            hyper: {
              'student/learningRate': rates.student(progress),
              'discriminator/learningRate': rates.discriminator(progress),
              progress: progressShare(progress),
              lambda: dataWeight(options, progress),
              adversarial: adversarial
                ? options.adversarialWeight *
                  warmupShare(options.adversarialWarmup, progress.epoch - options.start)
                : 0,
              ...termWeights(terms, progress),
            },
          };
        },
        student: studentVariables,
      },
    ];
  }

  #setup(environment: MethodEnvironment, discriminatorOptimizer: OptimizerConfig): AdversarialSetup {
    const { options, parts, variant } = this;
    const { spectralNorm } = options;
    return {
      student: environment.student,
      ...(environment.task && { task: environment.task }),
      discriminators: attachDiscriminators(discriminatorOptions(options, options.discriminators), {
        environment,
        parts,
        spectralNorm,
      }),
      dataTerm: parts.dataTerm(options.dataTerm.name, options.dataTerm.options),
      terms: this.#terms.map(({ term }) => term),
      adversarialLoss: parts.adversarialLoss(options.adversarialLoss.name, options.adversarialLoss.options),
      regularizers: [parts.regularizer(options.regularizer.name, options.regularizer.options)],
      regularizerUpdate: options.regularizerUpdate,
      balancer: parts.balancer(options.balancer.name, options.balancer.options),
      dropout: { rate: options.dropout, position: options.dropoutPosition },
      condition: options.condition,
      frozen: variant.control !== 'none',
      optimizers: {
        student: createOptimizer(options.optimizer, environment.optimizers),
        discriminator: createOptimizer(discriminatorOptimizer, environment.optimizers),
      },
    };
  }
}

const withoutUndefined = <T extends object>(options: T): { [K in keyof T]: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
