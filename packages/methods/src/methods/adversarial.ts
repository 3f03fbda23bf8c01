import {
  adversarialPhases,
  adversarialStep,
  AncError,
  createOptimizer,
  filled,
  mapTree,
  Method,
  playerNames,
  prefixTree,
  recipeSchema,
  type Game,
  type Parts,
  type Players,
  type Recipe,
  type Stage,
} from '@anc/core';
import { z } from 'zod';
import { initPlayer, learningRate, shipped } from './training.js';

/** A replaceable part: a name, or a name with options of its own. */
const part = (fallback: string) =>
  z
    .union([z.string(), z.looseObject({ name: z.string() })])
    .default(fallback)
    .transform((value) => {
      if (typeof value === 'string') return { name: value, options: {} };
      const { name, ...options } = value;
      return { name, options };
    });

/** Every choice that the paper makes or leaves open, with the paper's defaults. */
export const adversarialSchema = z.strictObject({
  recipe: recipeSchema.prefault({}),
  discriminatorRecipe: recipeSchema
    .partial()
    .optional()
    .describe("where D's optimisation differs from the student's"),
  discriminator: part('128-256-128'),
  input: z.string().default('features').describe('what D looks at: features, logits or a named tap'),
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

/**
 * Adversarial network compression (arXiv 1803.10750): a discriminator on the features, the student against
 * it, λ times the distance of the logits; no labels.
 */
export class AdversarialMethod extends Method {
  readonly name = 'adversarial';
  readonly labels = 'never';
  readonly needsTeacher = true;

  constructor(
    readonly options: AdversarialOptions,
    readonly parts: Parts,
  ) {
    super();
  }

  stages({ student, studentOutputs, input, teacher }: Players): readonly Stage[] {
    const { options, parts } = this;
    const { recipe } = options;
    const discriminatorRecipe: Recipe = { ...recipe, ...withoutUndefined(options.discriminatorRecipe ?? {}) };
    const shape = sharedShape(options.input, studentOutputs, teacher?.outputs ?? {});
    const game: Game = {
      student,
      discriminator: parts.discriminator(options.discriminator.name, options.discriminator.options),
      input: options.input,
      dataTerm: parts.dataTerm(options.dataTerm.name, options.dataTerm.options),
      adversarialLoss: parts.adversarialLoss(options.adversarialLoss.name, options.adversarialLoss.options),
      regularizers: [parts.regularizer(options.regularizer.name, options.regularizer.options)],
      regularizerUpdate: options.regularizerUpdate,
      balancer: parts.balancer(options.balancer.name, options.balancer.options),
      dropout: { rate: options.dropout, position: options.dropoutPosition },
      optimizers: { student: createOptimizer(recipe), discriminator: createOptimizer(discriminatorRecipe) },
    };
    const { discriminator, regularizer, student: studentPhase } = adversarialPhases;
    const played = [
      ...Array<string>(options.discriminatorSteps).fill(discriminator),
      ...(options.regularizerUpdate === 'separate' ? [regularizer] : []),
      studentPhase,
    ];
    return [
      {
        name: 'adversarial',
        teacherOutputs: [...new Set(['logits', options.input])],
        usesLabels: false,
        step: adversarialStep(game),
        init: (rng) => ({
          ...initPlayer(playerNames.student, student, game.optimizers.student, rng, input),
          ...initPlayer(
            playerNames.discriminator,
            game.discriminator,
            game.optimizers.discriminator,
            rng,
            shape,
          ),
          ...prefixTree(
            'balancer',
            mapTree(game.balancer.memory, (value) => filled([], value)),
          ),
        }),
        next(clock) {
          const begun = clock.epoch >= options.start;
          return {
            phases: begun ? played : [studentPhase],
            hyper: {
              'student/learningRate': learningRate(recipe, clock),
              'discriminator/learningRate': learningRate(discriminatorRecipe, clock),
              lambda: options.lambda,
              adversarial: begun ? options.adversarialWeight : 0,
            },
          };
        },
        student: shipped,
      },
    ];
  }
}

/** The shape of the output that D compares: both players must have it, and have it equally wide. */
function sharedShape(name: string, student: Outputs, teacher: Outputs): readonly number[] {
  const [mine, theirs] = [student[name], teacher[name]];
  if (mine === undefined || theirs === undefined) {
    const [who, has] = theirs === undefined ? ['teacher', teacher] : ['student', student];
    throw new AncError(
      'ANC_DISCRIMINATOR_INPUT',
      `the ${who} has no output "${name}" for the discriminator.`,
      {
        expected: `one of ${Object.keys(has).join(', ')}`,
        received: name,
      },
    );
  }
  if (mine.join() !== theirs.join()) {
    throw new AncError('ANC_DISCRIMINATOR_INPUT', `student and teacher differ in the shape of "${name}".`, {
      expected: `[${theirs.join(', ')}] (the teacher's)`,
      received: `[${mine.join(', ')}] (the student's)`,
      hint: 'choose models of one feature width, or let the discriminator look at the logits: input: logits.',
    });
  }
  return theirs;
}

type Outputs = Players['studentOutputs'];

const withoutUndefined = <T extends object>(options: T): { [K in keyof T]: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
