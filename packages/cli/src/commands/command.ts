import type { Command } from 'commander';
import type { Rank } from '@anc/core';
import type { Streams } from '../terminal/terminal.js';

/** What a command is given besides its own options. */
export interface Session extends Streams {
  readonly cwd: string;
  /** Which of several processes this is that a launcher such as mpiexec started; null where it is alone. */
  readonly rank?: Rank | null;
  /** The exit code, where it is not 0 or an error's. */
  exitWith(code: number): void;
}

/** Adds a command's arguments, options and action. Loaded only when the command is asked for. */
export type DefineCommand = (command: Command, session: Session) => void;
