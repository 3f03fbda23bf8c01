import { definePlugin, PLUGIN_API_VERSION, type LearningRateSchedule } from '@anc/core';
import { z } from 'zod';

const options = z.strictObject({
  after: z.number().positive().default(100).describe('steps after which the rate has fallen by √2'),
});

/** 1 / √(1 + steps / `after`). */
export const createMyComponentSchedule = ({ after }: z.output<typeof options>): LearningRateSchedule => ({
  name: `my-component(${after})`,
  factor: ({ step, warmup }) => 1 / Math.sqrt(1 + (step - warmup) / after),
});

export default definePlugin({
  name: 'anc-plugin-my-component',
  apiVersion: PLUGIN_API_VERSION,
  schedules: {
    'my-component': {
      summary: 'falls as one over the root of the steps',
      options,
      create: (given: z.output<typeof options>) => createMyComponentSchedule(given),
    },
  },
});
