import { definePlugin, EagerBackend, PLUGIN_API_VERSION } from '@anc/core';
import { z } from 'zod';

/** Runs steps op by op on a backend of TensorFlow.js: here its plain JavaScript, in place of your own. */
export class MyComponentBackend extends EagerBackend {
  constructor() {
    super('cpu', { name: 'my-component', environment: { device: 'cpu' } });
  }
}

export default definePlugin({
  name: 'anc-plugin-my-component',
  apiVersion: PLUGIN_API_VERSION,
  backends: {
    'my-component': {
      summary: 'plain JavaScript',
      options: z.strictObject({}),
      // What is large is imported when a backend is created: every command loads every plugin.
      create: async () => {
        await import('@tensorflow/tfjs-backend-cpu');
        return new MyComponentBackend();
      },
    },
  },
});
