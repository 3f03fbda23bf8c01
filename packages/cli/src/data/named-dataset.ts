import { resolve } from 'node:path';
import { AncError } from '@anc/core';
import type { Session } from '../commands/command.js';
import { loadComposition } from '../commands/load-composition.js';
import { pluginsOf } from '../commands/plugins-option.js';
import type { Composition } from '../composition/compose.js';
import type { Named } from '../composition/registry.js';
import { readNamed } from '../config/named.js';
import { isInterruption, onInterrupt } from '../run/interrupt.js';
import { endInterrupted } from '../terminal/interrupted.js';
import { ProgressPrinter } from '../terminal/progress.js';
import { createTerminal, type Terminal } from '../terminal/terminal.js';
import type { Fetching } from './open-dataset.js';
import { reportTransfer } from './report-transfer.js';

/** Options of every command about a dataset. */
export interface DatasetOptions {
  readonly dataDir?: string;
  readonly mirror?: string;
  readonly offline?: boolean;
  readonly plugins?: string;
  readonly config?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** What a command about a dataset works with. */
export interface DatasetCall {
  readonly named: Named;
  readonly composition: Composition;
  readonly environment: { readonly dataDir: string | null; readonly seed: number };
  readonly fetching: Fetching;
  readonly terminal: Terminal;
  readonly progress: ProgressPrinter;
}

/** Runs `work` on a dataset that a person named; Ctrl-C ends it with what has come so far kept. */
export async function withDataset(
  text: string,
  options: DatasetOptions,
  session: Session,
  work: (call: DatasetCall) => Promise<void>,
): Promise<void> {
  const terminal = createTerminal(options.json === true, session);
  const progress = new ProgressPrinter(terminal, options.quiet === true);
  const interrupt = onInterrupt(() => undefined);
  try {
    await work({
      named: namedOf(text),
      composition: await loadComposition(await pluginsOf(options, session.cwd), session.cwd),
      environment: {
        dataDir: options.dataDir === undefined ? null : resolve(session.cwd, options.dataDir),
        seed: 1,
      },
      fetching: {
        ...reportTransfer(progress),
        offline: options.offline === true,
        mirror: options.mirror ?? null,
        signal: interrupt.signal,
      },
      terminal,
      progress,
    });
  } catch (error) {
    if (!isInterruption(error, interrupt.signal)) throw error;
    progress.close();
    endInterrupted(terminal, session, '; what has come is kept, and continued next time');
  } finally {
    progress.close();
    interrupt.release();
  }
}

export function namedOf(text: string): Named {
  const read = readNamed(text);
  if (!('problem' in read)) return read;
  throw new AncError('ANC_USAGE', 'expected a name, or a name with options.', {
    expected: 'e.g. svhn(extra=true)',
    received: text,
    hint: read.problem,
  });
}
