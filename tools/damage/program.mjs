/** `anc-cli` in this process, from its built files: hundreds of calls, none of which starts Node. */
import { runProgram } from '../../packages/cli/dist/index.js';

/** Runs it; SIGINT comes once its messages hold `interruptAfter`. Returns exit code, document and messages. */
export async function ancCli(args, cwd, interruptAfter) {
  let [stdout, stderr, interrupted] = ['', '', interruptAfter === undefined];
  const stream = (take) => ({ isTTY: false, columns: 80, write: (text) => (take(text), true) });
  const code = await runProgram([...args, '--json'], {
    cwd,
    stdout: stream((text) => (stdout += text)),
    stderr: stream((text) => {
      stderr += text;
      if (interrupted || !stderr.includes(interruptAfter)) return;
      interrupted = true;
      process.emit('SIGINT', 'SIGINT');
    }),
  });
  return { code, stdout, stderr };
}
