import { AncError } from '@anc/core';
import type { Command } from 'commander';
import type { DefineCommand } from './command.js';

/** Where each shell reads completions from. */
const PLACES = {
  bash: 'source <(anc-cli completion bash)   # in ~/.bashrc',
  zsh: 'source <(anc-cli completion zsh)   # in ~/.zshrc, after compinit',
  fish: 'anc-cli completion fish > ~/.config/fish/completions/anc-cli.fish',
} as const;

/** `completion bash|zsh|fish`. `whole` is the program with every command defined. */
export const defineCompletion =
  (whole: () => Promise<Command>): DefineCommand =>
  (command, session) => {
    command
      .argument('<shell>', 'bash, zsh or fish')
      .option('--json', 'print one JSON document on stdout, everything else on stderr')
      .addHelpText('after', `\nUse:\n  ${Object.values(PLACES).join('\n  ')}`)
      .action(async (name: string, { json }: { json?: boolean }) => {
        const { completionScript, SHELLS } = await import('../terminal/completion-script.js');
        const shell = SHELLS.find((known) => known === name);
        if (shell === undefined) {
          const { suggestion } = await import('@anc/pipeline/options');
          throw new AncError('ANC_USAGE', `there is no completion for "${name}".`, {
            expected: SHELLS.join(', '),
            received: name,
            hint: suggestion(name, SHELLS) ?? 'choose one of these shells.',
          });
        }
        const { completionData } = await import('./completion-data.js');
        const script = completionScript(shell, await completionData(await whole(), session.cwd));
        session.stdout.write(json === true ? `${JSON.stringify({ shell, script }, null, 2)}\n` : script);
      });
  };
