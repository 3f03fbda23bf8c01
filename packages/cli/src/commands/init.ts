import type { Command } from 'commander';
import type { DefineCommand } from './command.js';

/** `init` and `init plugin`. */
export const defineInit: DefineCommand = (command, session) => {
  const withJson = (sub: Command): Command =>
    sub.option('--json', 'print one JSON document on stdout, everything else on stderr');
  withJson(command.command('plugin'))
    .description(
      'write a TypeScript package with a plugin: source, tests, workflows that test and publish it',
    )
    .argument('<kind>', 'discriminator, data-term, model, …: what the plugin brings')
    .argument('<name>', 'patch, anc-plugin-patch or @scope/anc-plugin-patch')
    .option('--folder <path>', "where to write it; default: a folder of the package's name")
    .action(async (kind: string, name: string, own: { folder?: string; json?: boolean }, sub: Command) => {
      const json = own.json ?? sub.parent?.opts<{ json?: boolean }>().json === true;
      await (await import('./init-plugin.js')).initPlugin(kind, name, { ...own, json }, session);
    });
  withJson(command)
    .option('--format <format>', 'yaml or ts', 'yaml')
    .allowExcessArguments() // initConfig refuses them, with a suggestion
    .action(async (options: { format: string; json?: boolean }, { args }: Command) =>
      (await import('./init-config.js')).initConfig(options, args, session),
    );
};
