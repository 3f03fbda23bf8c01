// A plugin with a backend.
import { definePlugin, EagerBackend, PLUGIN_API_VERSION } from '@anc/core';
import { z } from 'zod';

export class MyBackend extends EagerBackend {
  constructor() {
    super('cpu', { name: 'mine', environment: { device: 'any' } });
  }
}

export default definePlugin({
  name: 'anc-plugin-mine',
  apiVersion: PLUGIN_API_VERSION,
  backends: {
    mine: {
      summary: 'plain JavaScript',
      options: z.strictObject({}),
      // What is large is imported when a backend is created: every command loads every plugin.
      create: async () => {
        await import('@tensorflow/tfjs-backend-cpu');
        return new MyBackend();
      },
    },
  },
});
