import {
  adversarialPhases,
  adversarialStep,
  toStateEntries,
  createOptimizer,
  filled,
  adversarialAuxiliaryLayers,
  mapTree,
  Method,
  prefixTree,
  optimizerOverridesSchema,
  optimizerConfigSchema,
  type AttachedDiscriminator,
  type AdversarialSetup,
  type HostTensor,
  type LabelUse,
  type Optimizer,
  type Parts,
  type MethodEnvironment,
  type OptimizerConfig,
  type Rng,
  type Stage,
} from '@anc/core';
import { z } from 'zod';
import {
  adapterSchema,
  requestedDiscriminators,
  attachedDiscriminatorSchema,
  attachDiscriminators,
  inputSchema,
  shapeFor,
} from './attached-discriminators.js';
import { part } from './part.js';
import {
  initAuxiliaryLayers,
  initStudent,
  learningRate,
  studentVariables,
  termWeights,
  type WeightedTerm,
} from './training.js';

/** Every choice that the paper makes or leaves open, with the paper's defaults. */
export const adversarialSchema = z.strictObject({
  recipe: optimizerConfigSchema.prefault({}),
  discriminatorRecipe: optimizerOverridesSchema
    .optional()
    .describe("where D's optimisation differs from the student's"),
  discriminator: part('128-256-128'),
  input: inputSchema,
  adapter: adapterSchema,
  discriminators: z
    .array(attachedDiscriminatorSchema)
    .min(1)
    .optional()
    .describe(
      'several at once, each with a weight; discriminator, input and adapter beside the list are what its entries leave out',
    ),
  spectralNorm: z
    .boolean()
    .default(false)
    .describe("divides each of D's weights by its largest singular value (Miyato 2018)"),
  condition: z
    .enum(['teacher', 'labels'])
    .default('teacher')
    .describe("what conditional discriminators are told: the teacher's prediction, or the labels"),
  dataTerm: part('l2'),
  lambda: z.number().nonnegative().default(1).describe('weight λ of the data term'),
  adversarialLoss: part('label-inversion'),
  adversarialWeight: z.number().nonnegative().default(1).describe('weight of the adversarial term'),
  regularizer: part('adversarial-samples'),
  regularizerUpdate: z
    .enum(['joint', 'separate'])
    .default('joint')
    .describe("in D's loss, or an update after it"),
  balancer: part('fixed'),
  dropout: z
    .number()
    .min(0)
    .lt(1)
    .default(0.5)
    .describe('share of features hidden from D in the student phase'),
  dropoutPosition: z.enum(['adversarial-sample', 'inside-student']).default('adversarial-sample'),
  start: z
    .number()
    .int()
    .nonnegative()
    .default(0)
    .describe('epochs of the data term alone before the game begins'),
  discriminatorSteps: z.number().int().positive().default(1).describe("D's updates per student update"),
});

export type AdversarialOptions = z.infer<typeof adversarialSchema>;

/** `frozen`: D stays at its random start. `dead`: D is zero, says 1/2 to all and gives no gradient. */
export type Control = 'none' | 'frozen' | 'dead';

export interface AdversarialVariant {
  readonly name: string;
  readonly control: Control;
  /** What the student minimises besides. */
  readonly terms: readonly WeightedTerm[];
}

const plain: AdversarialVariant = { name: 'adversarial', control: 'none', terms: [] };

/**
 * Adversarial network compression (Belagiannis, Farshad & Galasso 2018, arXiv 1803.10750), Eq. 8:
 * min over f_s, max over D of E[log D(f_t)] + E[log(1 - D(f_s))] + λ · E‖f_t - f_s‖² + regularizer; no labels.
 *
 * The paper fixed D 128-256-128 on the features, λ = 1, dropout 0.5 on the adversarial sample, Eq. 7 as the
 * regularizer and label inversion: the student minimises -log D(f_s). Ours where it is silent, each an option: the sum
 * over the classes in Eq. 3, dropout in the student's phase only, D with the student's optimiser and one update per
 * step, Eq. 7 in the same loss with weight 1. Several discriminators at once are its own future work; adapters,
 * balancers, other losses, spectral norm and a delayed start are additions, off unless asked for.
 */
export class AdversarialMethod extends Method {
  readonly name: string;
  readonly labels: LabelUse;
  readonly needsTeacher = true;

  constructor(
    readonly options: AdversarialOptions,
    readonly parts: Parts,
    readonly variant: AdversarialVariant = plain,
  ) {
    super();
    this.name = variant.name;
    const told = options.condition === 'labels' || variant.terms.some(({ term }) => term.usesLabels);
    this.labels = told ? 'required' : 'never';
  }

  stages(players: MethodEnvironment): readonly Stage[] {
    const { options, variant } = this;
    const discriminatorRecipe: OptimizerConfig = {
      ...options.recipe,
      ...withoutUndefined(options.discriminatorRecipe ?? {}),
    };
    const game = this.#game(players, discriminatorRecipe);
    const { discriminator, regularizer, student } = adversarialPhases;
    const played = [
      ...Array<string>(options.discriminatorSteps).fill(discriminator),
      ...(options.regularizerUpdate === 'separate' ? [regularizer] : []),
      student,
    ];
    const terms = variant.terms.flatMap(({ term }) => term.teacherOutputs);
    return [
      {
        name: 'adversarial',
        teacherOutputs: [...new Set(['logits', ...game.discriminators.map(({ input }) => input), ...terms])],
        usesLabels: this.labels === 'required',
        step: adversarialStep(game),
        init: (rng, previous) => ({
          ...initStudent(players, game.optimizers.student, rng, previous),
          ...initAuxiliaryLayers(adversarialAuxiliaryLayers(game), game.optimizers.student, rng),
          ...this.#initCritics(game, players, rng),
          ...prefixTree(
            'balancer',
            mapTree(game.balancer.memory, (value) => filled([], value)),
          ),
        }),
        next(clock) {
          const begun = clock.epoch >= options.start;
          return {
            phases: begun ? played : [student],
            hyper: {
              'student/learningRate': learningRate(options.recipe, clock),
              'discriminator/learningRate': learningRate(discriminatorRecipe, clock),
              lambda: options.lambda,
              adversarial: begun ? options.adversarialWeight : 0,
              ...termWeights(variant.terms, clock),
            },
          };
        },
        student: studentVariables,
      },
    ];
  }

  #game(players: MethodEnvironment, discriminatorRecipe: OptimizerConfig): AdversarialSetup {
    const { options, parts, variant } = this;
    const asked = requestedDiscriminators(options, options.discriminators);
    return {
      student: players.student,
      discriminators: attachDiscriminators(asked, { players, parts, spectralNorm: options.spectralNorm }),
      dataTerm: parts.dataTerm(options.dataTerm.name, options.dataTerm.options),
      terms: variant.terms.map(({ term }) => term),
      adversarialLoss: parts.adversarialLoss(options.adversarialLoss.name, options.adversarialLoss.options),
      regularizers: [parts.regularizer(options.regularizer.name, options.regularizer.options)],
      regularizerUpdate: options.regularizerUpdate,
      balancer: parts.balancer(options.balancer.name, options.balancer.options),
      dropout: { rate: options.dropout, position: options.dropoutPosition },
      condition: options.condition,
      frozen: variant.control !== 'none',
      optimizers: {
        student: createOptimizer(options.recipe),
        discriminator: createOptimizer(discriminatorRecipe),
      },
    };
  }

  #initCritics(
    { discriminators: critics, optimizers }: AdversarialSetup,
    players: MethodEnvironment,
    rng: Rng,
  ): Record<string, HostTensor> {
    const initial = critics.map((critic) =>
      initCritic(critic, shapeFor(critic, players), players.classes, optimizers.discriminator, rng),
    );
    const state = Object.assign({}, ...initial) as Record<string, HostTensor>;
    if (this.variant.control !== 'dead') return state;
    return mapTree(state, (host, name) => (name.includes('/params/') ? filled(host.shape) : host));
  }
}

function initCritic(
  { name, discriminator }: AttachedDiscriminator,
  shape: readonly number[],
  classes: number,
  optimizer: Optimizer,
  rng: Rng,
): Record<string, HostTensor> {
  const { params, stats } = discriminator.init(rng.split(name), shape, classes);
  return toStateEntries(name, { params, stats, slots: optimizer.init(params) });
}

const withoutUndefined = <T extends object>(options: T): { [K in keyof T]: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
