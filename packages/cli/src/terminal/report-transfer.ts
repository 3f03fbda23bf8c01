import type { Fetching } from '@anc/pipeline/internal';
import type { ProgressPrinter } from './progress.js';
import { Transfer } from './transfer.js';

/** Shows downloads on the progress line. */
export function reportTransfer(progress: ProgressPrinter): Pick<Fetching, 'progress' | 'say'> {
  const transfer = new Transfer();
  return {
    progress: (file, received, total) => progress.state(transfer.describe(file, received, total)),
    say: (line) => progress.line(line),
  };
}
