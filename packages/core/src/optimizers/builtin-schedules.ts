import { z } from 'zod';
import type { LearningRateSchedule, SchedulePosition } from '../contracts/optimizer.js';
import type { Contribution } from '../contracts/plugin.js';

const share = z.number().min(0).max(1);
const floor = share.default(0).describe('final learning rate, as a share of the initial one');

/** How much of the stage after the warm-up is done, 0 to 1. */
const done = ({ step, steps, warmup }: SchedulePosition): number =>
  Math.min(1, (step - warmup) / Math.max(1, steps - warmup));

/** Half a cosine from 1 to 0 at a share of the way. */
const cosine = (way: number): number => 0.5 * (1 + Math.cos(Math.PI * way));

function schedule<S extends z.ZodType>(
  summary: string,
  options: S,
  create: (options: z.output<S>) => (position: SchedulePosition) => number,
): Contribution<LearningRateSchedule> {
  return {
    summary,
    options,
    create: (given: z.output<S>) => ({
      name: `${summary} ${JSON.stringify(given)}`,
      factor: create(given),
    }),
  };
}

export const stepScheduleSchema = z.strictObject({
  milestones: z.array(z.number().nonnegative()).describe('where the learning rate drops'),
  unit: z
    .enum(['iterations', 'share'])
    .default('iterations')
    .describe('unit of the milestones: training steps, or shares of the training'),
  factor: z.number().positive().default(0.1).describe('factor of the learning rate at each milestone'),
});

/** The schedules that come with the program; every one can follow a linear warm-up. */
export const builtinSchedules: Readonly<Record<string, Contribution<LearningRateSchedule>>> = {
  constant: schedule('the same learning rate at every step', z.strictObject({}), () => () => 1),
  step: schedule(
    'a drop at each milestone',
    stepScheduleSchema,
    ({ milestones, unit, factor }) =>
      ({ step, steps }) => {
        const scale = unit === 'share' ? steps : 1;
        return factor ** milestones.filter((milestone) => step >= Math.round(milestone * scale)).length;
      },
  ),
  cosine: schedule(
    'half a cosine (Loshchilov 2017)',
    z.strictObject({ floor }),
    ({ floor: end }) =>
      (position) =>
        end + (1 - end) * cosine(done(position)),
  ),
  'cosine-restarts': schedule(
    'half a cosine several times (Loshchilov 2017)',
    z.strictObject({
      cycles: z.int().min(1).default(4).describe('number of cycles'),
      growth: z.number().min(1).default(1).describe('length of a cycle, relative to the one before'),
      floor,
    }),
    ({ cycles, growth, floor: end }) =>
      (position) => {
        const lengths = Array.from({ length: cycles }, (_, i) => growth ** i);
        const total = lengths.reduce((sum, length) => sum + length, 0);
        let rest = done(position) * total;
        let cycle = 0;
        while (cycle < cycles - 1 && rest >= lengths[cycle]! - 1e-9) rest -= lengths[cycle++]!;
        return end + (1 - end) * cosine(Math.min(1, Math.max(0, rest / lengths[cycle]!)));
      },
  ),
  polynomial: schedule(
    'a power of what is left of the training; linear with power 1',
    z.strictObject({
      power: z.number().positive().default(1).describe('exponent; 2 for LARS and LAMB'),
      floor,
    }),
    ({ power, floor: end }) =>
      (position) =>
        end + (1 - end) * (1 - done(position)) ** power,
  ),
  exponential: schedule(
    'the same factor at every step',
    z.strictObject({
      end: z.number().gt(0).max(1).default(0.01).describe('learning rate after the last step, as a share'),
    }),
    ({ end }) =>
      (position) =>
        end ** done(position),
  ),
  'one-cycle': schedule(
    'rises to the given learning rate and falls below its start, along cosines (Smith 2018)',
    z.strictObject({
      peak: z.number().gt(0).lt(1).default(0.3).describe('share of the training in which the rate rises'),
      start: z.number().gt(0).max(1).default(0.04).describe('first rate, as a share of the given one'),
      end: z.number().min(0).max(1).default(4e-6).describe('last rate, as a share of the given one'),
    }),
    ({ peak, start, end }) =>
      ({ step, steps, warmup }) => {
        const [at, last] = [step - warmup, Math.max(1, steps - warmup - 1)];
        const top = Math.max(1e-9, peak * (steps - warmup) - 1);
        if (at <= top) return 1 + (start - 1) * cosine(at / top);
        return end + (1 - end) * cosine(Math.min(1, (at - top) / Math.max(1e-9, last - top)));
      },
  ),
};
