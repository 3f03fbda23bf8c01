import { definePlugin, PLUGIN_API_VERSION, type Plugin } from '@anc/core';
import { webgpuSchema, type WebgpuOptions } from './options.js';

/** Registers the backend `webgpu`. */
export default function webgpuPlugin(): Plugin {
  return definePlugin({
    name: '@anc/backend-webgpu',
    apiVersion: PLUGIN_API_VERSION,
    backends: {
      webgpu: {
        summary: 'WebGPU, op by op: Dawn in Node, navigator.gpu in a browser',
        options: webgpuSchema,
        create: async (options: WebgpuOptions) => await (await import('./backend.js')).openWebgpu(options),
      },
    },
  });
}
