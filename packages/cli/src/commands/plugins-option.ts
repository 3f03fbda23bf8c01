import { resolveConfig } from '../config/resolve.js';
import { splitTopLevel } from '../config/named.js';

/** What a command takes that plugins may bring more to. */
export interface PluginsOption {
  readonly plugins?: string;
  readonly config?: string;
}

/** The plugins that a command was given, or that the configuration file here names. */
export async function pluginsOf(options: PluginsOption, cwd: string): Promise<readonly string[]> {
  const { plugins } = await resolveConfig(
    {
      ...(options.plugins === undefined ? {} : { plugins: splitTopLevel(options.plugins) }),
      ...(options.config === undefined ? {} : { config: options.config }),
    },
    cwd,
  );
  return plugins;
}
