import { addFlags, readFlags } from '../config/flags.js';
import type { DefineCommand } from './command.js';

/** `compare`: one teacher, every method with every seed, and the differences with their intervals. */
export const defineCompare: DefineCommand = (command, session) => {
  command.option('--seeds <n>', 'how many seeds, counted from --seed; default: 3');
  addFlags(command).action(async (options: Record<string, unknown>) => {
    const { compare } = await import('./compare-action.js');
    await compare(readFlags(options), options.seeds, session);
  });
};
