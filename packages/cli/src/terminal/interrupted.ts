import type { AncError } from '@anc/core';
import { EXIT, failureOf } from './failure.js';
import { onInterrupt } from './on-interrupt.js';
import type { Terminal } from './terminal.js';

/** Ctrl-C during training: the first one is answered with what it does. `more`: other signals that ask for the same. */
export const stoppable = (
  terminal: Terminal,
  more: readonly NodeJS.Signals[] = [],
): ReturnType<typeof onInterrupt> =>
  onInterrupt(() => terminal.log.info('stopping after this step; press Ctrl-C again to stop at once'), more);

/** Ends a command that was stopped: its message, its document, its exit code. */
export function endInterrupted(
  terminal: Terminal,
  session: { exitWith(code: number): void },
  how: string,
): void {
  session.exitWith(EXIT.interrupted);
  const message = `interrupted${how}`;
  terminal.log.info(message);
  terminal.document({ error: { code: 'ANC_INTERRUPTED', message } });
}

/** Ends a command some of whose trainings diverged: the document holds what is finished and the error. */
export function endDiverged(
  terminal: Terminal,
  session: { exitWith(code: number): void },
  failure: AncError,
  result: object,
): void {
  session.exitWith(EXIT.failed);
  const message = failure.describe();
  terminal.stderr.write(`error: ${message}\n`);
  terminal.document({ ...result, error: { code: failure.code, message, ...failureOf(failure).detail } });
}
