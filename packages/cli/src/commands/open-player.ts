import { findModelInRun, type FoundModel } from '../classifier/find-player.js';
import type { Composition } from '../composition/compose.js';
import type { Terminal } from '../terminal/terminal.js';
import { loadComposition } from './load-composition.js';
import { pluginsOf, type PluginsOption } from './plugins-option.js';

/**
 * What a command is about: a run's player, or null where a file is named, and everything that plugins bring, those
 * of the run included. Says which student it is where there was a choice.
 */
export async function openModel(
  what: string,
  options: PluginsOption & { readonly player?: string },
  cwd: string,
  { log }: Terminal,
): Promise<{ readonly found: FoundModel | null; readonly composition: Composition }> {
  const found = await findModelInRun(what, options.player, cwd);
  const plugins = [...(await pluginsOf(options, cwd)), ...(found?.config.plugins ?? [])];
  const composition = await loadComposition([...new Set(plugins)], cwd);
  if (found !== null && found.among.length > 0) {
    log.info(`the student "${found.name}" of ${found.among.join(', ')}; choose with --player.`);
  }
  return { found, composition };
}
