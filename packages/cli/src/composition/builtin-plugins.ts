import type { Plugin } from '@anc/core';
import { pluginOf } from './load-plugin.js';

/** The packages that come with the program: they register exactly as third parties' do. */
const loaders: Readonly<Record<string, () => Promise<{ default?: unknown }>>> = {
  '@anc/models': () => import('@anc/models'),
  '@anc/datasets': () => import('@anc/datasets'),
  '@anc/methods': () => import('@anc/methods'),
  '@anc/backend-onnx': () => import('@anc/backend-onnx'),
  '@anc/backend-tfjs': () => import('@anc/backend-tfjs'),
  '@anc/backend-webgpu': () => import('@anc/backend-webgpu'),
};

export async function builtinPlugins(): Promise<Plugin[]> {
  return await Promise.all(Object.entries(loaders).map(async ([name, load]) => pluginOf(await load(), name)));
}
