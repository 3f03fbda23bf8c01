import { Command, CommanderError } from 'commander';
import type { Rank } from '@anc/core';
import type { DefineCommand, Session } from './commands/command.js';
import { safeStream } from './terminal/safe-stream.js';
import type { Streams } from './terminal/terminal.js';
import { programVersion } from './config/own-package.js';

/** Name, one line of help, and the module with the rest, which is loaded only for the command that runs. */
const commands: readonly (readonly [string, string, () => Promise<DefineCommand>])[] = [
  [
    'run',
    'train a teacher, distil it into students, and compare them',
    async () => (await import('./commands/run.js')).defineRun,
  ],
  [
    'compare',
    'compare methods over several seeds with one teacher: means, differences, confidence intervals',
    async () => (await import('./commands/compare.js')).defineCompare,
  ],
  [
    'tune',
    'search learning rate and temperature for every method with the same number of trials, on held-out images',
    async () => (await import('./commands/tune.js')).defineTune,
  ],
  [
    'reproduce',
    "run the experiments of one of the paper's tables and show paper and measured results side by side",
    async () => (await import('./commands/reproduce.js')).defineReproduce,
  ],
  [
    'sweep',
    'write what SLURM, Kubernetes or a shell runs for compare, tune or reproduce on many machines',
    async () => (await import('./commands/sweep.js')).defineSweep,
  ],
  [
    'worker',
    'take trainings of a comparison, tuning or reproduction, beside other processes on any machine',
    async () => (await import('./commands/worker.js')).defineWorker,
  ],
  [
    'import',
    'convert weights of PyTorch, Keras or TensorFlow.js',
    async () => (await import('./commands/import.js')).defineImport,
  ],
  [
    'eval',
    'test error of a trained network: a run, an ONNX model or a file of weights',
    async () => (await import('./commands/eval.js')).defineEval,
  ],
  [
    'predict',
    'classes of image files, with probabilities: a table, JSON, CSV or a contact sheet',
    async () => (await import('./commands/predict.js')).definePredict,
  ],
  [
    'benchmark',
    'latency, throughput, memory and size of models side by side: teacher, student, float16 and int8',
    async () => (await import('./commands/benchmark.js')).defineBenchmark,
  ],
  [
    'export',
    'write a trained network as ONNX, TensorFlow.js, Keras or safetensors',
    async () => (await import('./commands/export.js')).defineExport,
  ],
  [
    'report',
    'write the report of a run again, or of what is finished of it',
    async () => (await import('./commands/report.js')).defineReport,
  ],
  [
    'ui',
    'serve the reports of runs on this machine while they are trained, several runs in one chart',
    async () => (await import('./commands/ui.js')).defineUi,
  ],
  [
    'list',
    'list models, datasets, methods, discriminators, …',
    async () => (await import('./commands/list.js')).defineList,
  ],
  [
    'doctor',
    'test every backend: whether it works on this machine, how to make it work, how fast it is',
    async () => (await import('./commands/doctor.js')).defineDoctor,
  ],
  [
    'describe',
    'show a model layer by layer, or the options of anything that `list` shows',
    async () => (await import('./commands/describe.js')).defineDescribe,
  ],
  [
    'check',
    'inspect the predictions of a teacher for images: contact sheet, warnings, likely preprocessing',
    async () => (await import('./commands/check.js')).defineCheck,
  ],
  ['data', 'download or inspect a dataset', async () => (await import('./commands/data.js')).defineData],
  [
    'init',
    'write a commented configuration file, or with `init plugin` the package of a plugin',
    async () => (await import('./commands/init.js')).defineInit,
  ],
  [
    'completion',
    'print the completion script of a shell: bash, zsh or fish',
    async () => (await import('./commands/completion.js')).defineCompletion(wholeProgram),
  ],
];

/** The program with the options of every command, for completions. */
async function wholeProgram(): Promise<Command> {
  const program = new Command('anc-cli');
  const nowhere = { write: () => true, isTTY: false, columns: 80 } as unknown as Streams['stdout'];
  const session: Session = { cwd: '.', stdout: nowhere, stderr: nowhere, exitWith: () => undefined };
  for (const [name, summary, load] of commands) {
    const command = program.command(name).description(summary);
    (await load())(command, session);
  }
  return program;
}

/** Where the program runs: its streams and its working directory. */
export interface ProgramOptions extends Streams {
  /** Absolute path of the working directory. */
  readonly cwd: string;
  /** Which of several processes this is that a launcher such as mpiexec started; default: it is alone. */
  readonly rank?: Rank | null;
}

/** Runs the program with arguments; returns the exit code. */
export async function runProgram(args: readonly string[], options: ProgramOptions): Promise<number> {
  let exit = 0;
  const [stdout, stderr] = [safeStream(options.stdout), safeStream(options.stderr)];
  const session: Session = { ...options, stdout, stderr, exitWith: (code) => (exit = code) };
  try {
    await execute(args, session);
    return isFirst(options) ? exit : 0; // a launcher ends all ranks where one of them fails
  } catch (error) {
    return isFirst(options) ? await reportFailure(error, args, options) : await failureOfRank(error, options);
  }
}

const isFirst = ({ rank }: ProgramOptions): boolean => (rank?.rank ?? 0) === 0;

/** Exit code of another rank than the first, which reports what all of them know; what it does not know is said here. */
async function failureOfRank(error: unknown, { rank }: ProgramOptions): Promise<number> {
  const [{ isSharedError }, { failureOf }] = await Promise.all([
    import('@anc/pipeline/internal'),
    import('./terminal/failure.js'),
  ]);
  const { code, text, exit } = failureOf(error);
  // A command line is the same for all ranks, and read before they are connected.
  if (isSharedError(error) || error instanceof CommanderError || code === 'ANC_USAGE') return 0;
  process.stderr.write(`rank ${rank!.rank}: error: ${text}\n`);
  return exit;
}

async function execute(args: readonly string[], session: Session): Promise<void> {
  const program = new Command('anc-cli')
    .description('Adversarial network compression: a small network that behaves like the big one.')
    .version(programVersion(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => session.stdout.write(text),
      writeErr: () => undefined, // errors are printed by `report`, once
    });
  const asked = args.find((arg) => !arg.startsWith('-') && arg !== 'help');
  const { rank = null } = session;
  if (rank !== null) {
    const { assertRankedCommand } = await import('./ranks/assert-ranked-command.js');
    assertRankedCommand(asked, rank);
  }
  for (const [name, summary, load] of commands) {
    const command = program.command(name).description(summary);
    if (name === asked) (await load())(command, session);
  }
  if (args.length === 0) program.outputHelp();
  else await program.parseAsync(args, { from: 'user' });
}

/** Prints an error, as text or as the document of `--json`, and returns its exit code. `began`: work had begun. */
export async function reportFailure(
  thrown: unknown,
  args: readonly string[],
  { stdout, stderr }: Streams,
  began = false,
): Promise<number> {
  if (thrown instanceof CommanderError && thrown.exitCode === 0) return 0; // help and version
  const { failureOf } = await import('./terminal/failure.js');
  const error = thrown instanceof CommanderError ? await usageError(thrown) : thrown;
  const { code, message, detail, text, exit } = began ? failureOf(error, true) : failureOf(error);
  const [out, errors] = [safeStream(stdout), safeStream(stderr)];
  if (args.includes('--json'))
    out.write(`${JSON.stringify({ error: { code, message, ...detail } }, null, 2)}\n`);
  else errors.write(`error: ${text}\n`);
  return exit;
}

async function usageError({ code, message }: CommanderError): Promise<unknown> {
  const { AncError } = await import('@anc/core');
  if (code === 'commander.help')
    return new AncError('ANC_USAGE', 'a command is missing.', { hint: 'see what there is with --help.' });
  return new AncError('ANC_USAGE', message.replace(/^error: /, ''));
}
