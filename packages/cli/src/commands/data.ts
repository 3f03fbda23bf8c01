import type { Command } from 'commander';
import { addCommonOptions } from './common-options.js';
import type { DefineCommand } from './command.js';
import type { GetOptions } from './data-get.js';
import type { InfoOptions } from './data-info.js';

const NAME = 'a dataset that `list` shows, with options if need be';

/** `data get` and `data info`. */
export const defineData: DefineCommand = (command, session) => {
  const about = (sub: Command): Command =>
    addCommonOptions(
      sub
        .option('--data-dir <folder>', 'folder for its files; default: ANC_DATA_DIR, then the cache')
        .option(
          '--mirror <address>',
          'server that is tried first for files of these names; also ANC_DATA_MIRROR',
        )
        .option('--offline', 'download nothing; also ANC_OFFLINE'),
    ).option('--quiet', 'show no progress');
  about(
    command
      .command('get')
      .argument('<name>', `${NAME}: "svhn(extra=true)"`)
      .description("download, verify and try a dataset's official files"),
  ).action(async (name: string, options: GetOptions) =>
    (await import('./data-get.js')).getData(name, options, session),
  );
  about(
    command
      .command('info')
      .argument('[name]', `${NAME}, or a folder of images; default: what --data-dir holds`)
      .description('counts, classes, statistics and fingerprints, and a contact sheet of samples'),
  )
    .option('--sheet <file>', 'PNG file for samples of the training images')
    .option('--sheet-of <split>', 'train or test', 'train')
    .option(
      '--augmented <file>',
      'PNG file for augmented samples: an image in each row, a draw in each column',
    )
    .option(
      '--augment <list>',
      'augmentations of that file, e.g. "crop(4),flip,color-jitter(0.4)"; default: those of the preset modern',
    )
    .action(async (name: string | undefined, options: InfoOptions) =>
      (await import('./data-info.js')).showInfo(name, options, session),
    );
};
