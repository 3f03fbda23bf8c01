import { spawn } from 'node:child_process';
import { AncError } from '@anc/core';
import type { InstallCommand } from './install-command.js';

/**
 * Runs a package manager. What it prints goes to stderr.
 *
 * @throws `ANC_INSTALL` with its last lines where it fails or is not there
 */
export function install({ program, args, cwd, env, text }: InstallCommand): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (received: string): void =>
      reject(
        new AncError('ANC_INSTALL', `installing failed: ${text}`, {
          received,
          hint: 'run the command yourself to see all of its output.',
        }),
      );
    // Windows starts npm, yarn and pnpm by a shell alone; no argument is of a user.
    const child = spawn(program, args, {
      cwd,
      env: { ...process.env, ...env },
      shell: process.platform === 'win32',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => (output = (output + text).slice(-2000)));
    child.on('error', (error) => fail(error.message));
    child.on('close', (code, signal) => {
      if (code === 0) resolve();
      else fail(output.trim().split('\n').slice(-5).join('\n') || `${program} ended with ${signal ?? code}`);
    });
  });
}
