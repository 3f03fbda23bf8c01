import type { Command } from 'commander';
import { joined } from '../config/flags.js';

/** Flags of a search. */
export interface SearchFlags {
  readonly learningRates?: string;
  readonly temperatures?: string;
  readonly budget?: string;
  readonly confirm?: string;
}

/** Adds them. */
export const addSearch = (command: Command): Command =>
  command
    .option(
      '--learning-rates <list>',
      'learning rates that every method tries; default: five around --learning-rate',
      joined,
    )
    .option(
      '--temperatures <list>',
      'temperatures that methods with a temperature try at their best learning rate; the rates are tried with the first',
      joined,
    )
    .option('--budget <n>', 'trials of each method; trials beyond the lists refine the learning rate')
    .option('--confirm <n>', 'train each chosen setting with n fresh seeds and compare; default: 0');
