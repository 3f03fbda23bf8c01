import { Option, type Command } from 'commander';
import type { Terminal } from '../terminal/terminal.js';
import type { CommonOptions } from './common-options.js';

/** Flags that say which model is meant and how its file is read, with the deprecated names of two of them. */
export interface ModelFlags {
  readonly select?: string;
  readonly player?: string;
  readonly model?: string;
  readonly preprocessing?: string;
  readonly normalize?: string;
}

/** Help of `--preprocessing`. */
export const PREPROCESSING =
  'pixel values that the network expects: unit (0..1), signed (-1..1), none (0..255), imagenet, cifar10, cifar100, ' +
  'svhn, mnist, fashion-mnist, ' +
  'or mean/std per channel of pixels in 0..1, e.g. 0.5,0.5,0.5/0.25,0.25,0.25';

/** Adds `--select`, and the hidden flags `--player` and `--normalize`. */
export const addSelectOption = (command: Command): Command =>
  addPreprocessingAlias(
    command
      .option(
        '--select <name>',
        "model of a run: a student's name, or teacher; default: its best student by held-out images, else by agreement",
      )
      .addOption(new Option('--player <name>').hideHelp()),
  );

/** Adds the hidden flag `--normalize`, the former name of `--preprocessing`. */
export const addPreprocessingAlias = (command: Command): Command =>
  command.addOption(new Option('--normalize <how>').hideHelp());

const ALIASES = { player: 'select', normalize: 'preprocessing' } as const;

/** Warns of deprecated flags that were used. */
export function warnOfAliases(options: Pick<ModelFlags, keyof typeof ALIASES>, { log }: Terminal): void {
  for (const [old, current] of Object.entries(ALIASES)) {
    if (options[old as keyof typeof ALIASES] !== undefined) {
      log.warn(`--${old} is deprecated: use --${current}.`);
    }
  }
}

/** The value of `--preprocessing` or of its former name. */
export const preprocessingOf = ({ preprocessing, normalize }: ModelFlags): string | undefined =>
  preprocessing ?? normalize;

/** Flags as options of the library. */
export async function modelFileOptions(options: ModelFlags & CommonOptions, cwd: string) {
  const [{ namedOf }, { pluginsOf }] = await Promise.all([
    import('./named-option.js'),
    import('../config/read-request.js'),
  ]);
  const select = options.select ?? options.player;
  const preprocessing = preprocessingOf(options);
  return {
    cwd,
    ...(await pluginsOf(options, cwd)),
    ...(select === undefined ? {} : { select }),
    ...(options.model === undefined ? {} : { model: namedOf(options.model, '--model') }),
    ...(preprocessing === undefined ? {} : { preprocessing }),
  };
}
