import { definePlugin, PLUGIN_API_VERSION, type Plugin } from '@anc/core';
import { onednnSchema, type OnednnOptions } from './options.js';

/** Registers the backend `onednn`. */
export default function onednnPlugin(): Plugin {
  return definePlugin({
    name: '@anc/backend-onednn',
    apiVersion: PLUGIN_API_VERSION,
    backends: {
      onednn: {
        summary:
          'oneDNN, on the processor: whole training steps, and forward passes of frozen teachers in 8 bits',
        options: onednnSchema,
        create: async (options: OnednnOptions) =>
          await (await import('./backend.js')).OnednnBackend.create(options),
      },
    },
  });
}
