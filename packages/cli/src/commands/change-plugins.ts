import type { Command } from 'commander';
import { nothingToResume } from './nothing-to-resume.js';

const FLAG = '--change-plugins';

/** The flag of commands that train and resume. */
export const addChangePlugins = (command: Command): Command =>
  command.option(
    FLAG,
    'with --resume: train what is unfinished with plugins that changed since the run began, and record it',
  );

/**
 * Whether plugins may have changed. Throws `ANC_CONFIG` where there is nothing to resume.
 *
 * @param resume the folder of `--resume`.
 */
export async function acceptsPlugins(
  { changePlugins }: { readonly changePlugins?: unknown },
  resume: string | undefined,
): Promise<boolean> {
  if (changePlugins !== true) return false;
  if (resume !== undefined) return true;
  throw await nothingToResume(FLAG, 'a new run takes its plugins as they are.');
}
