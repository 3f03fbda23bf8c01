import { closeSync } from 'node:fs';
import { isatty } from 'node:tty';

/**
 * Lets the process end where its terminal was closed meanwhile. Node restores the settings of the terminals that it began
 * with, and aborts where that fails; a closed descriptor it leaves alone.
 *
 * @param descriptors default: stdin, stdout, stderr
 */
export function endWithoutTerminal(descriptors: readonly number[] = [0, 1, 2]): void {
  const terminals = descriptors.filter((descriptor) => isatty(descriptor));
  if (terminals.length === 0) return;
  process.on('exit', () => {
    for (const descriptor of terminals) if (!isatty(descriptor)) closeSync(descriptor);
  });
}
