import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import type { DefineCommand, Session } from './commands/command.js';

/** Name, one line of help, and where the rest is: loaded only for the command that was asked for. */
const commands: readonly (readonly [string, string, () => Promise<DefineCommand>])[] = [
  [
    'run',
    'train a teacher, distil it into students, and compare them',
    async () => (await import('./commands/run.js')).defineRun,
  ],
  [
    'list',
    'what there is: models, datasets, methods, discriminators, …',
    async () => (await import('./commands/list.js')).defineList,
  ],
  [
    'describe',
    'a model layer by layer, or the options of anything that `list` lists',
    async () => (await import('./commands/describe.js')).defineDescribe,
  ],
];

const session: Session = {
  cwd: process.cwd(),
  exitWith(code) {
    process.exitCode = code;
  },
};

async function main(args: readonly string[]): Promise<void> {
  const program = new Command('anc-cli')
    .description('Adversarial network compression: a small network that behaves like the big one.')
    .version(version(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .exitOverride()
    .configureOutput({ writeErr: () => undefined }); // errors are printed below, once
  const asked = args.find((arg) => !arg.startsWith('-') && arg !== 'help');
  for (const [name, summary, load] of commands) {
    const command = program.command(name).description(summary);
    if (name === asked) (await load())(command, session);
  }
  if (args.length === 0) program.outputHelp();
  else await program.parseAsync(args, { from: 'user' });
}

const version = (): string =>
  (JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string })
    .version;

async function report(thrown: unknown, json: boolean): Promise<void> {
  if (thrown instanceof CommanderError && thrown.exitCode === 0) return; // help and version
  const { failureOf } = await import('./failure.js');
  const { code, message, text, exit } = failureOf(
    thrown instanceof CommanderError ? await usageError(thrown) : thrown,
  );
  process.exitCode = exit;
  if (json) process.stdout.write(`${JSON.stringify({ error: { code, message } }, null, 2)}\n`);
  else process.stderr.write(`error: ${text}\n`);
}

async function usageError({ message }: CommanderError): Promise<unknown> {
  const { AncError } = await import('@anc/core');
  return new AncError('ANC_USAGE', message.replace(/^error: /, ''));
}

const args = process.argv.slice(2);
try {
  await main(args);
} catch (error) {
  await report(error, args.includes('--json'));
}
