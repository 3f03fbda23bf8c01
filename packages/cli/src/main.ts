import { reportFailure, runProgram } from './program.js';

const args = process.argv.slice(2);
const streams = { stdout: process.stdout, stderr: process.stderr };

/** A promise that a plugin left alone: its error is told like any other, and the work ends there. */
process.once('unhandledRejection', (error) => {
  void reportFailure(error, args, streams, true).then((code) => process.exit(code));
});

process.exitCode = await runProgram(args, { cwd: process.cwd(), ...streams });
