import { optionError } from './option-error.js';

/** Options of a run, complete or not. */
interface SingleRun {
  readonly training?: { readonly time?: unknown };
  readonly student?: { readonly continues?: unknown };
}

/**
 * Throws `ANC_CONFIG` for options that a single run alone has, in a command of several: a time, which seeds and methods would
 * spend on different numbers of steps, and a run to continue.
 */
export function refuseRunOnly(command: string, ...given: readonly SingleRun[]): void {
  for (const { training, student } of given) {
    if (training?.time !== undefined) {
      throw optionError(['training', 'time'], `${command} has no such option.`, {
        hint: 'leave it out and set the number of epochs: what is compared is trained for as many steps.',
      });
    }
    if (student?.continues !== undefined) {
      throw optionError(['student', 'continues'], `${command} has no such option.`, {
        hint: 'leave it out; a single run continues another one.',
      });
    }
  }
}
