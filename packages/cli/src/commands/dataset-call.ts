import { resolve } from 'node:path';
import { AncError } from '@anc/core';
import { chooseDataset, isInterruption, type Fetching } from '@anc/pipeline/internal';
import type { Composition } from '@anc/pipeline/plugins';
import type { Named } from '@anc/pipeline/options';
import { compositionOf } from './composition-of.js';
import { endInterrupted } from '../terminal/interrupted.js';
import { onInterrupt } from '../terminal/on-interrupt.js';
import { ProgressPrinter } from '../terminal/progress.js';
import { reportTransfer } from '../terminal/report-transfer.js';
import { createTerminal, type Terminal } from '../terminal/terminal.js';
import type { Session } from './command.js';

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

/** Runs `work` on a named dataset, a folder of images, or what `--data-dir` holds; Ctrl-C ends it, and what has been downloaded is kept. */
export async function withDataset(
  text: string | undefined,
  options: DatasetOptions,
  session: Session,
  work: (call: DatasetCall) => Promise<void>,
  /** Whether the folder of `--data-dir` may be missing, because files are put there. */
  creates = false,
): Promise<void> {
  const terminal = createTerminal(options.json === true, session);
  const progress = new ProgressPrinter(terminal, options.quiet === true);
  const interrupt = onInterrupt(() => undefined);
  try {
    const { cwd } = session;
    const composition = await compositionOf(options, cwd);
    const { dataDir: folder } = options;
    const chosen = await chooseDataset({ dataset: text, dataDir: folder, creates }, cwd, composition);
    if (chosen.dataset === undefined) {
      throw new AncError('ANC_USAGE', 'no dataset was given.', {
        expected: 'a name that `anc-cli list` lists, a folder of images, or --data-dir',
        received: 'neither',
      });
    }
    for (const notice of chosen.notices) progress.notice(notice);
    const { dataDir } = chosen;
    await work({
      named: chosen.dataset,
      composition,
      environment: { dataDir: dataDir === null ? null : resolve(cwd, dataDir), seed: 1 },
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
    endInterrupted(terminal, session, '; what has been downloaded is kept, and continued next time');
  } finally {
    progress.close();
    interrupt.release();
  }
}
