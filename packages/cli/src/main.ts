import { runProgram } from './program.js';

process.exitCode = await runProgram(process.argv.slice(2), {
  cwd: process.cwd(),
  stdout: process.stdout,
  stderr: process.stderr,
});
