import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AncError } from '@anc/core';
import { suggestion } from '@anc/pipeline/options';
import { CONFIG_FORMATS, configTemplate, type ConfigFormat } from '../config/config-template.js';
import { createTerminal } from '../terminal/terminal.js';
import type { Session } from './command.js';

const isFormat = (text: string): text is ConfigFormat => CONFIG_FORMATS.includes(text as ConfigFormat);

/** `init`: a configuration file with every option and its help. Refuses a folder that has one, and any `words` after it. */
export async function initConfig(
  { format, json }: { readonly format: string; readonly json?: boolean },
  words: readonly string[],
  session: Session,
): Promise<void> {
  const terminal = createTerminal(json === true, session);
  if (words[0] !== undefined) {
    throw new AncError('ANC_USAGE', `init: there is no command "${words[0]}".`, {
      expected: 'init, or init plugin <kind> <name>',
      received: `init ${words.join(' ')}`,
      hint: suggestion(words[0], ['plugin']) ?? 'leave it out for a configuration file.',
    });
  }
  if (!isFormat(format)) {
    throw new AncError('ANC_USAGE', `--format: there is no format "${format}".`, {
      expected: CONFIG_FORMATS.join(' or '),
      received: format,
      hint: suggestion(format, CONFIG_FORMATS) ?? 'leave it out for YAML.',
    });
  }
  const there = (await readdir(session.cwd)).filter((name) => /^anc\.config\.\w+$/.test(name));
  const file = `anc.config.${format}`;
  if (there.length > 0) {
    throw new AncError('ANC_EXISTS', 'this folder has a configuration file.', {
      expected: 'a folder without one: nothing is overwritten',
      received: there.join(', '),
      hint: 'edit it, or move it away.',
    });
  }
  const path = join(session.cwd, file);
  await writeFile(path, configTemplate(format), { flag: 'wx' }).catch((cause: unknown) => {
    throw new AncError('ANC_DISK', `${path} cannot be written.`, {
      received: cause instanceof Error ? cause.message : String(cause),
      hint: 'check the permissions of the folder, or work in another one.',
      cause,
    });
  });
  terminal.document({ file: path, format });
  terminal.print(
    `${file}: every option with its help, all but the preset as comments. Then: npx anc-cli run` +
      (format === 'ts' ? '\nIts completion needs the package: npm install --save-dev anc-cli' : ''),
  );
}
