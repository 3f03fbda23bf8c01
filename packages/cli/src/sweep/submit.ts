import { spawn } from 'node:child_process';
import { AncError } from '@anc/core';
import type { Stream } from '../terminal/terminal.js';

/**
 * Hands a sweep to its engine, in the folder with its files; what the engine prints goes to stderr.
 *
 * @returns its output
 * @throws `ANC_SWEEP_ENGINE` where its program is not on this machine, or refuses
 */
export function submit(
  [program, ...args]: readonly string[],
  folder: string,
  stderr: Stream,
): Promise<string> {
  const by = `cd ${folder} && ${[program, ...args].join(' ')}`;
  return new Promise((resolve, reject) => {
    let output = '';
    const child = spawn(program!, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
    const take = (text: string): void => {
      output += text;
      stderr.write(text);
    };
    child.stdout.setEncoding('utf8').on('data', take);
    child.stderr.setEncoding('utf8').on('data', take);
    child.on('error', (cause: NodeJS.ErrnoException) =>
      reject(
        new AncError('ANC_SWEEP_ENGINE', `${program} cannot be started here.`, {
          expected: `${program} on this machine, as --submit needs it`,
          received: cause.code === 'ENOENT' ? 'no such program' : cause.message,
          hint: `the files are written; where it is: ${by}`,
        }),
      ),
    );
    child.on('close', (code, signal) => {
      if (code === 0) resolve(output);
      else
        reject(
          new AncError('ANC_SWEEP_ENGINE', `${program} did not accept the sweep.`, {
            expected: 'exit code 0',
            received: `${signal ?? `exit code ${code}`}: ${output.trim().slice(-500)}`,
            hint: `the files are written; change what it complains of, then: ${by}`,
          }),
        );
    });
  });
}
