import { addFlags, readFlags } from '../config/flags.js';
import type { DefineCommand } from './command.js';

/** `run`: teacher, students, comparison; or, with `--resume`, the rest of an interrupted run. */
export const defineRun: DefineCommand = (command, session) => {
  addFlags(command).action(async (options: Record<string, unknown>) => {
    const { run } = await import('./run-action.js');
    await run(readFlags(options), session);
  });
};
