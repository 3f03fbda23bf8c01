import { z } from 'zod';
import { adam, sgd, type Optimizer, type WeightDecay } from './optimizer.js';

const share = z.number().min(0).max(1);

export const scheduleSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('constant'), warmup: share.optional() }),
  z.strictObject({
    kind: z.literal('step'),
    milestones: z.array(z.number().nonnegative()).describe('where the rate drops'),
    unit: z.enum(['iterations', 'share']).default('iterations'),
    factor: z.number().positive().default(0.1),
    warmup: share.optional(),
  }),
  z.strictObject({ kind: z.literal('cosine'), floor: share.optional(), warmup: share.optional() }),
]);

const fields = {
  optimizer: z.enum(['sgd', 'momentum', 'nesterov', 'adam']),
  learningRate: z.number().positive(),
  momentum: z.number().min(0).lt(1),
  beta1: z.number().min(0).lt(1),
  beta2: z.number().min(0).lt(1),
  epsilon: z.number().positive(),
  weightDecay: z.number().nonnegative(),
  decayMode: z.enum(['auto', 'l2', 'decoupled']).describe('auto: l2 under SGD, decoupled under Adam'),
  decayScope: z.enum(['weights', 'all']).describe('weights: not biases, not batch norm'),
  schedule: scheduleSchema,
};

/** How one player is optimised; defaults are the paper's (its momentum is unstated: 0.9 is ours). */
export const optimizerConfigSchema = z.strictObject({
  optimizer: fields.optimizer.default('momentum'),
  learningRate: fields.learningRate.default(0.001),
  momentum: fields.momentum.default(0.9),
  beta1: fields.beta1.default(0.9),
  beta2: fields.beta2.default(0.999),
  epsilon: fields.epsilon.default(1e-8),
  weightDecay: fields.weightDecay.default(0.0002),
  decayMode: fields.decayMode.default('auto'),
  decayScope: fields.decayScope.default('weights'),
  schedule: fields.schedule.default({
    kind: 'step',
    milestones: [80_000],
    unit: 'iterations',
    factor: 0.1,
  }),
});

/** Where one player's recipe differs from another's: no defaults, so that nothing unsaid is replaced. */
export const optimizerOverridesSchema = z.strictObject(fields).partial();

export type OptimizerConfig = z.infer<typeof optimizerConfigSchema>;

/** The optimiser that a recipe names. */
export function createOptimizer(recipe: OptimizerConfig): Optimizer {
  const { optimizer, momentum, beta1, beta2, epsilon } = recipe;
  const auto = optimizer === 'adam' ? 'decoupled' : 'l2';
  const decay: WeightDecay = {
    rate: recipe.weightDecay,
    mode: recipe.decayMode === 'auto' ? auto : recipe.decayMode,
    scope: recipe.decayScope,
  };
  switch (optimizer) {
    case 'sgd':
      return sgd({ decay });
    case 'momentum':
      return sgd({ momentum, decay });
    case 'nesterov':
      return sgd({ momentum, nesterov: true, decay });
    case 'adam':
      return adam({ beta1, beta2, epsilon, decay });
  }
}
