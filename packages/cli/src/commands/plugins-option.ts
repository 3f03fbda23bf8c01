import { resolveConfig } from '../config/resolve.js';
import { splitTopLevel } from '../config/named.js';

/** The plugins that a command was given, or that the configuration file here names. */
export async function pluginsOf(
  options: { readonly plugins?: string; readonly config?: string },
  cwd: string,
): Promise<readonly string[]> {
  const { plugins } = await resolveConfig(
    {
      ...(options.plugins === undefined ? {} : { plugins: splitTopLevel(options.plugins) }),
      ...(options.config === undefined ? {} : { config: options.config }),
    },
    cwd,
  );
  return plugins;
}
