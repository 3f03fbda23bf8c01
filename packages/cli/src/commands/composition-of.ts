import { loadComposition, type Composition } from '@anc/pipeline/plugins';
import { pluginsOf } from '../config/read-request.js';
import type { CommonOptions } from './common-options.js';

/** Everything that is registered where a command is called: built in, named by flags or the configuration, or found. */
export async function compositionOf(options: CommonOptions, cwd: string): Promise<Composition> {
  const { plugins, discoverPlugins: discover } = await pluginsOf(options, cwd);
  return await loadComposition(plugins, cwd, { discover });
}
