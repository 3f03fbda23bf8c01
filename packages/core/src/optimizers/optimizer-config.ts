import { z } from 'zod';
import type { OptimizerParts } from '../contracts/optimizer.js';
import type { Progress } from '../contracts/method.js';
import { builtinParts } from './builtin-parts.js';
import { builtinSchedules } from './builtin-schedules.js';
import { chain } from './chain.js';
import { optimizerOf, type Optimizer } from './optimizer.js';
import { scheduleOf, type Schedule } from './schedule.js';
import { clipByGlobalNorm } from './transforms.js';

const warmup = z
  .number()
  .min(0)
  .max(1)
  .optional()
  .describe('share of the training in which the rate rises linearly from zero');

/**
 * A schedule by name. The options of those that come with the program are checked and completed here; those of plugins when
 * the schedule is created.
 */
export const scheduleSchema: z.ZodType<Schedule, string | Schedule> = z
  .union([z.string().min(1), z.looseObject({ kind: z.string().min(1), warmup })])
  .transform((value, context): Schedule => {
    const { kind, warmup: warm, ...options }: Schedule = typeof value === 'string' ? { kind: value } : value;
    const known = Object.hasOwn(builtinSchedules, kind) ? builtinSchedules[kind] : undefined;
    const read = (known?.options as z.ZodType<object> | undefined)?.safeParse(options);
    for (const { message, path } of read?.error?.issues ?? [])
      context.addIssue({ code: 'custom', message, path: [...path] });
    return { kind, ...(read?.data ?? options), ...(warm !== undefined && { warmup: warm }) };
  });

/** An optimizer by name, or by a name with options of its own. */
type OptimizerName = string | { readonly name: string; readonly options: Readonly<Record<string, unknown>> };

/** `name`, `{ name, option: value }` or `{ name, options: { option: value } }`. */
const optimizerName = z
  .union([z.string().min(1), z.looseObject({ name: z.string().min(1) })])
  .transform((value): OptimizerName => {
    if (typeof value === 'string') return value;
    const { name, ...beside } = value;
    const { options, ...others } = beside as { options?: unknown };
    const isApart = typeof options === 'object' && options !== null && Object.keys(others).length === 0;
    return { name, options: isApart ? { ...options } : beside };
  });

const fields = {
  optimizer: optimizerName.describe('optimizer algorithm: a name that `list` lists, with options if need be'),
  learningRate: z.number().positive().describe('initial learning rate'),
  momentum: z.number().min(0).lt(1).describe('momentum, of optimizers that have it'),
  beta1: z.number().min(0).lt(1).describe("decay rate of adam's first moment; default: the optimizer's"),
  beta2: z.number().min(0).lt(1).describe("decay rate of adam's second moment; default: the optimizer's"),
  epsilon: z.number().positive().describe("added to the denominator; default: the optimizer's"),
  weightDecay: z.number().nonnegative().describe('weight decay'),
  decayMode: z
    .enum(['auto', 'l2', 'decoupled'])
    .describe(
      'l2: added to the gradient; decoupled: subtracted from the weights; auto: decoupled for adam, else l2',
    ),
  decayScope: z
    .string()
    .min(1)
    .describe(
      'parameters with weight decay; weights: all but biases and batch norm; all; or patterns of names such as conv*,!*/bias',
    ),
  clipNorm: z
    .number()
    .positive()
    .describe("limit of the gradient's norm over all parameters of a network; default: no limit"),
  ema: z
    .number()
    .gt(0)
    .lt(1)
    .describe("decay rate of an exponential moving average of the student's weights; default: none"),
  schedule: scheduleSchema.describe('learning rate over time: a name that `list` lists, with its options'),
};

/**
 * How a network is optimized. The defaults are the paper's; momentum, which it does not give, is that of the ResNet code that
 * it names, 0.9.
 */
export const optimizerConfigSchema = z.strictObject({
  optimizer: fields.optimizer.default('momentum'),
  learningRate: fields.learningRate.default(0.001),
  momentum: fields.momentum.default(0.9),
  beta1: fields.beta1.optional(),
  beta2: fields.beta2.optional(),
  epsilon: fields.epsilon.optional(),
  weightDecay: fields.weightDecay.default(0.0002),
  decayMode: fields.decayMode.default('auto'),
  decayScope: fields.decayScope.default('weights'),
  clipNorm: fields.clipNorm.optional(),
  ema: fields.ema.optional(),
  schedule: fields.schedule.prefault({
    kind: 'step',
    milestones: [80_000],
    unit: 'iterations',
    factor: 0.1,
  }),
});

/**
 * Fields in which one network's config differs from another's: without defaults, which would override the other's.
 */
export const optimizerOverridesSchema = z.strictObject(fields).omit({ ema: true }).partial();

/** How a network is optimized, as `optimizerConfigSchema` returns it. */
export type OptimizerConfig = z.infer<typeof optimizerConfigSchema>;

/**
 * Creates the optimizer that a config names, with the config's clipping and averaging around it.
 *
 * @param parts of the method's environment, so that plugins' optimizers are found; without it, those that come with the program.
 * @throws `ANC_UNKNOWN` and `ANC_OPTIONS`.
 */
export function createOptimizer(config: OptimizerConfig, parts: OptimizerParts = builtinParts): Optimizer {
  const { optimizer, clipNorm, ema } = config;
  const { momentum, beta1, beta2, epsilon, weightDecay, decayMode, decayScope } = config;
  const { name, options } = typeof optimizer === 'string' ? { name: optimizer, options: {} } : optimizer;
  const shared = { momentum, beta1, beta2, epsilon, weightDecay, decayMode, decayScope };
  const transform = parts.optimizer(name, options, shared);
  const clipped = clipNorm === undefined ? transform : chain(clipByGlobalNorm(clipNorm), transform);
  return optimizerOf(clipped, ema === undefined ? {} : { average: ema });
}

/** The learning rate of each step that a config gives. `parts` and errors: as for `createOptimizer`. */
export function learningRateOf(
  { learningRate, schedule }: Pick<OptimizerConfig, 'learningRate' | 'schedule'>,
  parts: OptimizerParts = builtinParts,
): (progress: Pick<Progress, 'step' | 'epochs' | 'stepsPerEpoch'>) => number {
  const factor = scheduleOf(schedule, parts);
  return (progress) => learningRate * factor(progress);
}
