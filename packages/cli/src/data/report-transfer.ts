import type { ProgressPrinter } from '../terminal/progress.js';
import { Transfer } from '../terminal/transfer.js';
import type { Fetching } from './open-dataset.js';

/** Shows what is fetched as it comes. */
export function reportTransfer(progress: ProgressPrinter): Pick<Fetching, 'progress' | 'say'> {
  const transfer = new Transfer();
  return {
    progress: (file, received, total) => progress.state(transfer.describe(file, received, total)),
    say: (line) => progress.end(line),
  };
}
