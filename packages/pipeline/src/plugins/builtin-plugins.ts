import type { Plugin } from '@anc/core';
import { pluginOf } from '../composition/load-plugin.js';

/**
 * The packages that come with the program: they register exactly as third parties' do. What is named here only says
 * what there is; the rest of a package is loaded when it is used.
 */
const loaders: Readonly<Record<string, () => Promise<{ default?: unknown }>>> = {
  '@anc/models': () => import('@anc/models/plugin'),
  '@anc/datasets': () => import('@anc/datasets/plugin'),
  '@anc/methods': () => import('@anc/methods/plugin'),
  '@anc/runtime': () => import('@anc/runtime/plugin'),
  '@anc/backend-onnx': () => import('@anc/backend-onnx/plugin'),
  '@anc/backend-tfjs': () => import('@anc/backend-tfjs/plugin'),
  '@anc/backend-webgpu': () => import('@anc/backend-webgpu/plugin'),
};

export async function builtinPlugins(): Promise<Plugin[]> {
  return await Promise.all(Object.entries(loaders).map(async ([name, load]) => pluginOf(await load(), name)));
}
