import { definePlugin, PLUGIN_API_VERSION, type Plugin } from '@anc/core';
import { onednnSchema, type OnednnOptions } from './options.js';

/** Registers the backend `onednn`. */
export default function onednnPlugin(): Plugin {
  return definePlugin({
    name: '@anc/backend-onednn',
    apiVersion: PLUGIN_API_VERSION,
    backends: {
      onednn: {
        summary: "a teacher's forward pass on oneDNN, on the processor; for --teacher-backend",
        options: onednnSchema,
        create: async (options: OnednnOptions) =>
          await (await import('./backend.js')).OnednnBackend.create(options),
      },
    },
  });
}
