import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { z } from 'zod';
import { contribution, type ContributionOf } from './contribution.js';
import { definePlugin, PLUGIN_API_VERSION, type ModelEnvironment, type Parts } from './plugin.js';
import type { Balancer } from './objective.js';
import type { LearningRateSchedule } from './optimizer.js';

const schema = z.strictObject({ weight: z.number().default(1), units: z.array(z.number()).optional() });
const balancer = (weight: number): Balancer => ({
  name: `fixed(${weight})`,
  memory: {},
  weight: () => tf.scalar(weight),
  next: () => ({}),
});
const plugin = { name: 'anc-plugin-typed', apiVersion: PLUGIN_API_VERSION };

describe('contribution', () => {
  it('joins schema, factory and details', () => {
    const fixed = contribution(schema, ({ weight }) => balancer(weight), { summary: 'one weight' });
    expect(fixed).toMatchObject({ options: schema, summary: 'one weight' });
    expect(fixed.create({ weight: 2 }).name).toBe('fixed(2)');
  });

  it('infers the options from the schema, and the environment from the kind', () => {
    definePlugin({
      ...plugin,
      balancers: {
        fixed: contribution(schema, (options) => {
          expectTypeOf(options).toEqualTypeOf<{ weight: number; units?: number[] | undefined }>();
          return balancer(options.weight);
        }),
      },
      models: {
        none: contribution(
          schema,
          (options, environment) => {
            expectTypeOf(environment).toEqualTypeOf<ModelEnvironment>();
            throw new RangeError(String(options.weight));
          },
          { input: [8, 8, 1], classes: 4, summary: 'none' },
        ),
      },
      methods: {
        none: contribution(schema, (_options, parts) => {
          expectTypeOf(parts).toEqualTypeOf<Parts>();
          throw new RangeError('none');
        }),
      },
    });
  });

  it('can stand apart from where it is registered', () => {
    const fixed = contribution(schema, ({ weight }) => balancer(weight));
    const typed: ContributionOf<'balancers'> = contribution(schema, ({ weight }) => balancer(weight));
    const defined = definePlugin({ ...plugin, balancers: { fixed, typed } });
    expect(Object.keys(defined.balancers ?? {})).toEqual(['fixed', 'typed']);
  });

  it('does not compile with a wrong field', () => {
    // Type checks alone: what is under each directive must be an error.
    const wrong = () => [
      definePlugin({
        ...plugin,
        // @ts-expect-error -- no such kind
        balancrs: {},
      }),
      definePlugin({
        ...plugin,
        // @ts-expect-error -- the schema has no option `wieght`
        balancers: { fixed: contribution(schema, ({ wieght }) => balancer(Number(wieght))) },
      }),
      definePlugin({
        ...plugin,
        // @ts-expect-error -- no such detail
        balancers: { fixed: contribution(schema, () => balancer(1), { sumary: 'typo' }) },
      }),
      definePlugin({
        ...plugin,
        // @ts-expect-error -- a detail of models
        balancers: { fixed: contribution(schema, () => balancer(1), { input: [8, 8, 1] }) },
      }),
      definePlugin({
        ...plugin,
        // @ts-expect-error -- no balancer
        balancers: { fixed: contribution(schema, () => ({ name: 'fixed' })) },
      }),
      definePlugin({
        ...plugin,
        // @ts-expect-error -- a schedule is no optimizer
        optimizers: { fixed: contribution(schema, (): LearningRateSchedule => never()) },
      }),
      definePlugin({
        ...plugin,
        // @ts-expect-error -- not a Standard Schema
        balancers: { fixed: contribution({ weight: 1 }, () => balancer(1)) },
      }),
      definePlugin({
        ...plugin,
        // @ts-expect-error -- classes is a number
        models: { none: contribution(schema, () => never(), { classes: 'ten' }) },
      }),
    ];
    expect(wrong).toBeTypeOf('function');
  });
});

const never = (): never => {
  throw new RangeError('never called');
};
