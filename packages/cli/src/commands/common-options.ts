import type { Command } from 'commander';
import { joined } from '../config/flags.js';

/** Flags of every command that plugins may extend. */
export interface CommonOptions {
  readonly plugins?: string;
  readonly discoverPlugins?: boolean;
  readonly config?: string;
  readonly json?: boolean;
}

/** Adds `--plugins`, `--config` and `--json`. */
export const addCommonOptions = (command: Command): Command =>
  command
    .option('--plugins <names>', 'packages or files with more models, methods, datasets, …', joined)
    .option('--no-discover-plugins', 'do not load installed packages anc-plugin-*')
    .option(
      '--config <file>',
      'configuration file to take `plugins` from; default: anc.config.* in this folder',
    )
    .option('--json', 'print one JSON document on stdout, everything else on stderr');
