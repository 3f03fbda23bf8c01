import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import type { DefineCommand, Session } from './commands/command.js';
import type { Streams } from './terminal/terminal.js';

/** Name, one line of help, and where the rest is: loaded only for the command that was asked for. */
const commands: readonly (readonly [string, string, () => Promise<DefineCommand>])[] = [
  [
    'run',
    'train a teacher, distil it into students, and compare them',
    async () => (await import('./commands/run.js')).defineRun,
  ],
  [
    'compare',
    'several methods over several seeds with one teacher: means, differences, intervals',
    async () => (await import('./commands/compare.js')).defineCompare,
  ],
  [
    'tune',
    'the same number of tries at learning rate and temperature for every method, on held-out images',
    async () => (await import('./commands/tune.js')).defineTune,
  ],
  [
    'reproduce',
    "the runs behind one of the paper's tables, and paper beside measured",
    async () => (await import('./commands/reproduce.js')).defineReproduce,
  ],
  [
    'import',
    "another program's weights as a file of ours",
    async () => (await import('./commands/import.js')).defineImport,
  ],
  [
    'eval',
    'the test error of a run, an ONNX model or a file of weights',
    async () => (await import('./commands/eval.js')).defineEval,
  ],
  [
    'export',
    'a trained network as a file for other programs',
    async () => (await import('./commands/export.js')).defineExport,
  ],
  [
    'list',
    'what there is: models, datasets, methods, discriminators, …',
    async () => (await import('./commands/list.js')).defineList,
  ],
  [
    'doctor',
    'every backend: whether it works here, what would make it work, how fast it is',
    async () => (await import('./commands/doctor.js')).defineDoctor,
  ],
  [
    'describe',
    'a model layer by layer, or the options of anything that `list` lists',
    async () => (await import('./commands/describe.js')).defineDescribe,
  ],
  [
    'check',
    'what a teacher makes of images: contact sheet, warnings, likely preprocessing',
    async () => (await import('./commands/check.js')).defineCheck,
  ],
  [
    'data',
    "get a dataset's files, or see what is in one",
    async () => (await import('./commands/data.js')).defineData,
  ],
];

export interface ProgramOptions extends Streams {
  readonly cwd: string;
}

/** The whole program as a function: arguments in, text out, the exit code returned. */
export async function runProgram(args: readonly string[], options: ProgramOptions): Promise<number> {
  let exit = 0;
  const session: Session = { ...options, exitWith: (code) => (exit = code) };
  try {
    await execute(args, session);
    return exit;
  } catch (error) {
    return await reportFailure(error, args, options);
  }
}

async function execute(args: readonly string[], session: Session): Promise<void> {
  const program = new Command('anc-cli')
    .description('Adversarial network compression: a small network that behaves like the big one.')
    .version(version(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => session.stdout.write(text),
      writeErr: () => undefined, // errors are printed by `report`, once
    });
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

/** Prints an error in the form that was asked for and returns its exit code. `began`: whatever it is, work had begun. */
export async function reportFailure(
  thrown: unknown,
  args: readonly string[],
  { stdout, stderr }: Streams,
  began = false,
): Promise<number> {
  if (thrown instanceof CommanderError && thrown.exitCode === 0) return 0; // help and version
  const { failureOf, WorkError } = await import('./failure.js');
  const error = thrown instanceof CommanderError ? await usageError(thrown) : thrown;
  const { code, message, text, exit } = failureOf(began ? new WorkError(error) : error);
  if (args.includes('--json')) stdout.write(`${JSON.stringify({ error: { code, message } }, null, 2)}\n`);
  else stderr.write(`error: ${text}\n`);
  return exit;
}

async function usageError({ code, message }: CommanderError): Promise<unknown> {
  const { AncError } = await import('@anc/core');
  if (code === 'commander.help')
    return new AncError('ANC_USAGE', 'a command is missing.', { hint: 'see what there is with --help.' });
  return new AncError('ANC_USAGE', message.replace(/^error: /, ''));
}
