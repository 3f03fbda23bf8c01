import type { Command } from 'commander';
import { joined } from '../config/flags.js';
import type { DefineCommand } from './command.js';
import { getData, type GetOptions } from '../data/get.js';
import { showInfo, type InfoOptions } from '../data/info.js';

/** `data get` and `data info`. */
export const defineData: DefineCommand = (command, session) => {
  const about = (sub: Command): Command =>
    sub
      .argument('<name>', 'a dataset that `list` lists, with options if need be: "svhn(extra=true)"')
      .option('--data-dir <folder>', 'where its files are, or go; default: ANC_DATA_DIR, then the cache')
      .option(
        '--mirror <address>',
        'a server that is asked first for files of these names; also ANC_DATA_MIRROR',
      )
      .option('--offline', 'download nothing; also ANC_OFFLINE')
      .option('--plugins <names>', 'packages or files that bring more', joined)
      .option('--config <file>', 'take `plugins` from a configuration file; default: anc.config.* here')
      .option('--json', 'print one JSON document')
      .option('--quiet', 'no progress');
  about(command.command('get').description('fetch, check and try a dataset’s official files')).action(
    (name: string, options: GetOptions) => getData(name, options, session),
  );
  about(
    command
      .command('info')
      .description('counts, classes, statistics and fingerprints, and a sheet of samples'),
  )
    .option('--sheet <file>', 'write samples of the training images as a PNG file')
    .option('--sheet-of <split>', 'train or test', 'train')
    .action((name: string, options: InfoOptions) => showInfo(name, options, session));
};
