import { definePlugin, PLUGIN_API_VERSION, type Plugin } from '@anc/core';
import { cnnModels } from './cnn.js';
import { lenetModels } from './lenet.js';
import { ninModels } from './nin.js';

export * from './cnn.js';
export * from './counts.js';
export * from './lenet.js';
export * from './nin.js';

/** The built-in networks. */
export default function models(): Plugin {
  return definePlugin({
    name: '@anc/models',
    apiVersion: PLUGIN_API_VERSION,
    models: { ...ninModels, ...lenetModels, ...cnnModels },
  });
}
