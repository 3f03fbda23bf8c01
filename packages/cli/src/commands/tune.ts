import { addFlags, joined, readFlags } from '../config/flags.js';
import { configKeys } from '../config/schema.js';
import type { DefineCommand } from './command.js';

/** `tune`: the same number of tries for every method, judged on held-out training images. */
export const defineTune: DefineCommand = (command, session) => {
  command
    .option(
      '--learning-rates <list>',
      'what every method tries; default: five around --learning-rate',
      joined,
    )
    .option(
      '--temperatures <list>',
      'what methods with a temperature try at their best rate; the first one stands before',
      joined,
    )
    .option('--budget <n>', 'tries of each method; what the lists leave goes to finer rates')
    .option('--confirm <n>', 'train what was chosen with n fresh seeds and compare; default: 0');
  const keys = configKeys.filter((key) => key !== 'limitTest'); // no test image is opened
  addFlags(command, keys).action(async (options: Record<string, unknown>) => {
    const { tune } = await import('./tune-action.js');
    await tune(readFlags(options), options, session);
  });
};
