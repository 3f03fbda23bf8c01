import { addFlags, readFlags } from '../config/flags.js';
import { configKeys } from '../config/schema.js';
import { tableNames } from '../reproduce/tables.js';
import type { DefineCommand } from './command.js';

/** `reproduce <table>`: the runs behind one of the paper's tables, and paper beside measured. */
export const defineReproduce: DefineCommand = (command, session) => {
  command
    .argument('[table]', `${tableNames[0]} to ${tableNames.at(-1)}; none with --resume`)
    .option('--seeds <n>', 'how many seeds, counted from --seed; default: 3')
    .option('--scale <share>', "share of the paper's epochs, e.g. 0.1; default: 1")
    .option('--dry-run', 'print the grid of runs and what it costs, and run nothing');
  const keys = configKeys.filter((key) => key !== 'dataset' && key !== 'methods');
  addFlags(command, keys).action(async (table: string | undefined, options: Record<string, unknown>) => {
    const { reproduce } = await import('./reproduce-action.js');
    await reproduce(table, readFlags(options), options, session);
  });
};
