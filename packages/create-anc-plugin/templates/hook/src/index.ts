import { definePlugin, PLUGIN_API_VERSION, type RunHook } from '@anc/core';
import { z } from 'zod';

const options = z.strictObject({
  loss: z.number().positive().default(0.01).describe("student's loss at which its training ends"),
});

/** Ends a model's training when its loss is low enough. */
export const createMyComponentHook = ({ loss }: z.output<typeof options>): RunHook => ({
  name: 'my-component',
  onError: 'end', // or 'disable': the run goes on without it where it throws
  onEpoch({ metrics }) {
    const reached = metrics['loss/student'];
    if (reached === undefined || reached >= loss) return undefined;
    return { stop: 'model', reason: `the loss is below ${loss}` };
  },
});

export default definePlugin({
  name: 'anc-plugin-my-component',
  apiVersion: PLUGIN_API_VERSION,
  hooks: {
    'my-component': {
      summary: 'stops when the loss is low enough',
      options,
      create: (given: z.output<typeof options>) => createMyComponentHook(given),
    },
  },
});
