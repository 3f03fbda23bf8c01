import { silent, startedRank } from './ranks/started-rank.js';
import { endWithoutTerminal } from './terminal/lost-terminal.js';
import { endOnSignals } from './terminal/on-interrupt.js';

const args = process.argv.slice(2);
const rank = await startedRank(process.env);
const real = { stdout: process.stdout, stderr: process.stderr };
const streams = rank === null || rank.rank === 0 ? real : silent;

endWithoutTerminal();

endOnSignals(() => {
  const message = 'interrupted';
  if (args.includes('--json')) {
    streams.stdout.write(`${JSON.stringify({ error: { code: 'ANC_INTERRUPTED', message } }, null, 2)}\n`);
  }
  streams.stderr.write(`${message}\n`);
});

/**
 * A reader that has gone (`… | head`, a closed terminal) is no reason to stop: the work is written to files. Output that
 * cannot be stored is an error, at the end.
 */
const output = { isLost: false };
const GONE = ['EPIPE', 'EIO', 'ECONNRESET', 'ERR_STREAM_DESTROYED'];
real.stderr.on('error', () => undefined);
real.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (GONE.includes(error.code ?? '')) return;
  output.isLost = true;
  process.exitCode = 1;
  streams.stderr.write(`error: the output cannot be written: ${error.message}\n`);
});

const { reportFailure, runProgram } = await import('./program.js');

/** A rejected promise that a plugin did not handle: reported like any other error, and the process ends. */
process.once('unhandledRejection', (error) => {
  void reportFailure(error, args, streams, true).then((code) => process.exit(code));
});

const exitCode = await runProgram(args, { cwd: process.cwd(), rank, ...streams });
process.exitCode = output.isLost && exitCode === 0 ? 1 : exitCode;
