import { AncError, Method, type MethodEnvironment, type Stage, type Term } from '@anc/core';
import { z } from 'zod';
import {
  klSchema,
  klTerm,
  pktSchema,
  pktTerm,
  rkdSchema,
  rkdTerm,
  similaritySchema,
  similarityTerm,
} from '../data-terms/index.js';
import { imagePairs, pairOf, tapSchema, type Tap } from '../features/tap-pairs.js';
import { commonSchema } from '../options/index.js';
import { softAndHard, warmupShare } from '../stages/data-weight.js';
import { termStage } from '../stages/term-stage.js';
import { classMapsTerm } from '../terms/class-maps.js';
import { contrastTerm } from '../terms/contrast.js';
import { dataTerm } from '../terms/logits.js';
import { pairedFeatures } from '../terms/paired-features.js';
import { reviewTerm } from '../terms/review.js';

/** Options of every method of this file; `weight`: of its term, the published one. */
const addedTermSchema = (weight: number) =>
  commonSchema.extend({
    ...klSchema.shape,
    featureWeight: z.number().nonnegative().default(weight).describe("weight of the method's own term"),
    featureWarmup: z
      .number()
      .int()
      .nonnegative()
      .default(0)
      .describe('epochs n over which that weight rises, 1/n of it in the first; 0: all from the start'),
  });

type AddedTermOptions = z.infer<ReturnType<typeof addedTermSchema>>;

/** Options of the method `sp`. */
export const spSchema = addedTermSchema(3000).extend(similaritySchema.shape);
/** Options of the method `rkd`. */
export const rkdMethodSchema = addedTermSchema(1).extend(rkdSchema.shape);
/** Options of the method `pkt`. */
export const pktMethodSchema = addedTermSchema(30_000).extend(pktSchema.shape);
/** Options of the method `crd`. */
export const crdSchema = addedTermSchema(0.8).extend({
  tap: tapSchema.prefault('features').describe('output to compare: features, logits or a named tap'),
  embedding: z.number().int().positive().default(128).describe('width of the learned embeddings'),
  contrastTemperature: z
    .number()
    .positive()
    .default(0.07)
    .describe('temperature of the softmax over the images of the batch'),
});
/** Options of the method `cat`. */
export const catSchema = addedTermSchema(400).extend({
  tap: tapSchema
    .prefault('class-maps')
    .describe('output with a map of every class, of networks that average it to their logits'),
  side: z
    .number()
    .int()
    .positive()
    .default(2)
    .describe('height and width that the maps are averaged to (2: the best of the paper)'),
});
/** Options of the method `hint`. */
export const hintSchema = addedTermSchema(100).extend({
  tap: tapSchema
    .optional()
    .describe(
      "the student's layer and the teacher's; default: the middle one of the image taps that both share",
    ),
});
/** Options of the method `reviewkd`. */
export const reviewSchema = addedTermSchema(1).extend({
  taps: z
    .array(tapSchema)
    .min(1)
    .optional()
    .describe('image taps from the first to the last level; default: all that both share by name'),
});

/**
 * Label-free distillation with one more term: λ · T² KL + w · term, and α · cross-entropy where `hardWeight` is above
 * 0. This is the objective of RepDistiller's commands (-r α -a λ -b w), where the other methods of this file are from.
 */
class AddedTermMethod<O extends AddedTermOptions> extends Method {
  readonly labels: 'never' | 'required';
  readonly needsTeacher = true;

  constructor(
    readonly name: string,
    readonly options: O,
    private readonly term: (options: O, environment: MethodEnvironment) => Term,
  ) {
    super();
    this.labels = options.hardWeight > 0 ? 'required' : 'never';
  }

  stages(environment: MethodEnvironment): readonly Stage[] {
    const { optimizer, temperature, featureWeight, featureWarmup } = this.options;
    const added = {
      term: this.term(this.options, environment),
      weight: ({ epoch }: { epoch: number }) => featureWeight * warmupShare(featureWarmup, epoch),
    };
    const terms = [...softAndHard(dataTerm(klTerm({ temperature })), this.options), added];
    return [termStage({ name: this.name, environment, optimizer, terms })];
  }
}

/** KD and `similarityTerm` (Tung & Mori 2019). RepDistiller's command is `hardWeight: 1, lambda: 0`. */
export const spMethod = (options: z.infer<typeof spSchema>): Method =>
  new AddedTermMethod('sp', options, ({ output }) => dataTerm(similarityTerm({ output }), 'similarity'));

/** KD and `rkdTerm` (Park 2019). RepDistiller's command is `hardWeight: 1, lambda: 0`. */
export const rkdMethod = (options: z.infer<typeof rkdMethodSchema>): Method =>
  new AddedTermMethod('rkd', options, ({ output, distance, angle }) =>
    dataTerm(rkdTerm({ output, distance, angle }), 'relations'),
  );

/** KD and `pktTerm` (Passalis & Tefas 2018). RepDistiller's command is `hardWeight: 1, lambda: 0`. */
export const pktMethod = (options: z.infer<typeof pktMethodSchema>): Method =>
  new AddedTermMethod('pkt', options, ({ output }) => dataTerm(pktTerm({ output }), 'neighbors'));

/** KD and `contrastTerm` (Tian 2020) with the negatives of the batch. RepDistiller's weight is 0.8. */
export const crdMethod = (options: z.infer<typeof crdSchema>): Method =>
  new AddedTermMethod('crd', options, ({ tap, embedding, contrastTemperature }, environment) =>
    contrastTerm(pairOf(tap, environment), { embedding, contrastTemperature }),
  );

/**
 * KD and `classMapsTerm` (Guo 2023). The paper adds it to cross-entropy with labels and has no KD:
 * `hardWeight: 1`.
 */
export const catMethod = (options: z.infer<typeof catSchema>): Method =>
  new AddedTermMethod('cat', options, ({ tap, side }, environment) => {
    requireClassMaps(tap, environment);
    return classMapsTerm(tap, side);
  });

/** Throws `ANC_METHOD_TAP` where an output is not there or has no map for each class. */
function requireClassMaps(tap: Tap, { studentOutputs, teacher, classes }: MethodEnvironment): void {
  for (const [who, name, shape] of [
    ['student', tap.student, studentOutputs[tap.student]],
    ['teacher', tap.teacher, teacher?.outputs[tap.teacher]],
  ] as const) {
    if (shape?.length === 3 && shape[2] === classes) continue;
    throw new AncError('ANC_METHOD_TAP', `the ${who} has no class maps.`, {
      expected: `an output "${name}" of shape [height, width, ${classes}]`,
      received: shape === undefined ? 'no output of that name' : `[${shape.join(', ')}]`,
      hint: 'take residual networks with the option classMaps=true, for both, e.g. "resnet20(classMaps=true)".',
    });
  }
}

/**
 * KD and the squared distance of a middle layer to the teacher's through a regressor, in one stage, as in RepDistiller;
 * the method of the paper (Romero 2015) has two stages and is `fitnets`.
 */
export const hintMethod = (options: z.infer<typeof hintSchema>): Method =>
  new AddedTermMethod('hint', options, ({ tap }, environment) => {
    if (tap !== undefined) return pairedFeatures(pairOf(tap, environment), 'regressor');
    const pairs = imagePairs(undefined, environment, 1);
    return pairedFeatures(pairs[Math.floor((pairs.length - 1) / 2)]!, 'regressor');
  });

/**
 * KD and `reviewTerm` (Chen 2021). The levels are image taps, and after them the features. The authors add it to
 * cross-entropy with labels, with weights of 0.6 to 8 and a warm-up of 20 epochs (`hardWeight: 1, lambda: 0,
 * featureWarmup: 20`), and take the last level without its activation.
 */
export const reviewMethod = (options: z.infer<typeof reviewSchema>): Method =>
  new AddedTermMethod('reviewkd', options, ({ taps }, environment) =>
    reviewTerm([
      ...imagePairs(taps, environment, 1),
      pairOf({ student: 'features', teacher: 'features' }, environment),
    ]),
  );
