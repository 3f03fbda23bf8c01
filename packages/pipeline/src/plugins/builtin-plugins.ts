import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import type { PluginSource } from '../composition/provenance.js';
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
  '@anc/backend-onednn': () => import('@anc/backend-onednn/plugin'),
  '@anc/backend-tfjs': () => import('@anc/backend-tfjs/plugin'),
  '@anc/backend-webgpu': () => import('@anc/backend-webgpu/plugin'),
};

/** Address of a package.json of the program. */
export const builtinUrl = (name: string): string =>
  pathToFileURL(createRequire(import.meta.url).resolve(`${name}/package.json`)).href;

export async function builtinPlugins(): Promise<PluginSource[]> {
  return await Promise.all(
    Object.entries(loaders).map(async ([name, load]): Promise<PluginSource> => ({
      plugin: pluginOf(await load(), name),
      source: 'built-in',
      url: builtinUrl(name),
    })),
  );
}
