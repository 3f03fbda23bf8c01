import { reportFailure, runProgram } from './program.js';

const args = process.argv.slice(2);
const streams = { stdout: process.stdout, stderr: process.stderr };

/** A rejected promise that a plugin did not handle: reported like any other error, and the process ends. */
process.once('unhandledRejection', (error) => {
  void reportFailure(error, args, streams, true).then((code) => process.exit(code));
});

process.exitCode = await runProgram(args, { cwd: process.cwd(), ...streams });
