import type { Command } from 'commander';
import { addFlags, readFlags } from '../config/flags.js';
import type { DefineCommand } from './command.js';
import { addSearch } from './search-flags.js';

/** `sweep compare|tune|reproduce`: writes what an engine runs for one of them. */
export const defineSweep: DefineCommand = (command, session) => {
  const without = ['time', 'continue', 'resume'];
  const compare = command
    .command('compare')
    .description('a comparison: one training per method and seed')
    .option('--seeds <n>', 'how many seeds, counted from --seed; default: 3');
  const tune = addSearch(
    command.command('tune').description('a tuning: one training per trial and confirmation'),
  );
  const reproduce = command
    .command('reproduce')
    .argument('<table>', 'table1 to table10')
    .description("one of the paper's tables: one training per teacher, and per method and seed")
    .option('--seeds <n>', 'how many seeds, counted from --seed; default: 3')
    .option('--scale <share>', "share of the paper's epochs, e.g. 0.1; default: 1");
  addEngine(compare);
  addEngine(tune);
  addEngine(reproduce);
  const run = async (kind: Kind, table: string | undefined, options: Record<string, unknown>) => {
    const { sweep } = await import('./sweep-files.js');
    await sweep({ kind, table, flags: readFlags(options), options }, session);
  };
  addFlags(compare, without).action((options: Record<string, unknown>) => run('compare', undefined, options));
  addFlags(tune, [...without, 'limitTest']).action((options: Record<string, unknown>) =>
    run('tune', undefined, options),
  );
  addFlags(reproduce, [...without, 'dataset', 'methods']).action(
    (table: string, options: Record<string, unknown>) => run('reproduce', table, options),
  );
};

export type Kind = 'compare' | 'tune' | 'reproduce';

const addEngine = (command: Command): Command =>
  command
    .requiredOption('--to <engine>', 'slurm, kubernetes or local')
    .option(
      '--tasks <n>',
      'tasks at once; default: as many as there are trainings that need no other, at most 64',
    )
    .option('--memory <size>', 'memory of each task: 4G, 500M; default: 4G')
    .option('--gpus <n>', 'GPUs of each task; default: 0')
    .option('--time-limit <hh:mm:ss>', "longest time of a task; default: the engine's")
    .option('--partition <name>', "slurm: partition; default: the cluster's")
    .option('--program <words>', 'slurm, local: what starts this program there; default: this installation')
    .option('--image <name>', 'kubernetes: container image; default: anc-cli:<version>')
    .option('--volume <claim>', 'kubernetes: claim of the volume with the folder; default: anc-sweep')
    .option(
      '--data-volume <claim>',
      "kubernetes: claim of the volume with the dataset's files; default: none",
    )
    .option('--submit', 'hand it to sbatch, kubectl or bash on this machine');
