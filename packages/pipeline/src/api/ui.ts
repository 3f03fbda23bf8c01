import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { AncError } from '@anc/core';
import { shownPath } from '../text/shown-path.js';
import { serveRuns, type RunsServer } from '../ui/server.js';
import { callOf, type CallOptions } from './call.js';
import { assertPath } from './known-options.js';

/** Options of `ui`. */
export interface UiOptions extends Pick<CallOptions, 'cwd'> {
  /** Port of the loopback interface; default: 0, a free one. */
  readonly port?: number;
}

/**
 * Serves the reports of the runs in a folder on the loopback interface while they are trained, with several runs in one
 * chart, until it is closed. Throws `ANC_RUN_MISSING` where there is no such folder, `ANC_PORT` where the port is taken.
 */
export async function ui(folder = 'runs', options: UiOptions = {}): Promise<RunsServer> {
  assertPath(folder, 'folder');
  const { cwd } = callOf(options);
  const root = resolve(cwd, folder);
  const found = await stat(root).catch(() => null);
  if (found?.isDirectory() !== true) {
    throw new AncError('ANC_RUN_MISSING', `there is no folder "${folder}".`, {
      expected: 'a folder in which runs are created, or that of a run',
      received: found === null ? 'nothing of that name' : 'a file',
      hint: 'pass the folder of --out; default: runs.',
    });
  }
  return serveRuns({ root, title: shownPath(root, cwd), port: options.port ?? 0 });
}
