import { AncError, isAncError } from '@anc/core';
import { Command, CommanderError } from 'commander';
import { oneOf, pluginKinds } from './kinds.js';
import { writePlugin, type WrittenPlugin } from './write-plugin.js';

/** Where the command writes. */
export interface CreateStreams {
  /** For results and help. */
  readonly stdout: { write(text: string): unknown };
  /** For errors. */
  readonly stderr: { write(text: string): unknown };
  /** The working directory, an absolute path. */
  cwd(): string;
}

/** What was written and what to do next, for people. */
export const describeWritten = ({ package: name, kind, folder, files, next }: WrittenPlugin): string =>
  [
    `${name}: ${oneOf(kind)} in ${folder}`,
    ...files.map((file) => `  ${file}`),
    '',
    'Next:',
    ...next.map((command) => `  ${command}`),
  ].join('\n');

/** `npm create anc-plugin`: writes a plugin's package. Returns the exit code: 0 done, 1 failed, 2 bad usage. */
export async function runCreate(args: readonly string[], streams: CreateStreams): Promise<number> {
  const command = new Command('create-anc-plugin')
    .description('Write a TypeScript package with a plugin for anc-cli, tested and ready to publish.')
    .argument('<kind>', pluginKinds.join(', '))
    .argument('<name>', 'patch, anc-plugin-patch or @scope/anc-plugin-patch')
    .option('--folder <path>', "where to write it; default: a folder of the package's name")
    .option('--json', 'print one JSON document on stdout, everything else on stderr')
    .exitOverride()
    .configureOutput({ writeOut: (text) => streams.stdout.write(text), writeErr: () => undefined })
    .action(async (kind: string, name: string, { folder, json }: { folder?: string; json?: boolean }) => {
      const written = await writePlugin({
        kind,
        name,
        cwd: streams.cwd(),
        ...(folder === undefined ? {} : { folder }),
      });
      const text = json === true ? JSON.stringify(written, null, 2) : describeWritten(written);
      streams.stdout.write(`${text}\n`);
    });
  try {
    await command.parseAsync([...args], { from: 'user' });
    return 0;
  } catch (thrown) {
    if (thrown instanceof CommanderError && thrown.exitCode === 0) return 0; // help
    return failed(thrown, args.includes('--json'), streams);
  }
}

function failed(thrown: unknown, json: boolean, { stdout, stderr }: CreateStreams): number {
  const error =
    thrown instanceof CommanderError
      ? new AncError('ANC_USAGE', thrown.message.replace(/^error: /, ''), {
          hint: `npm create anc-plugin <kind> <name>; kinds: ${pluginKinds.join(', ')}`,
        })
      : thrown;
  const text = isAncError(error) ? error.describe() : error instanceof Error ? error.message : String(error);
  const [code, exit] = isAncError(error) ? [error.code, 2] : ['ANC_INTERNAL', 1];
  if (json) stdout.write(`${JSON.stringify({ error: { code, message: text } }, null, 2)}\n`);
  else stderr.write(`error: ${text}\n`);
  return exit;
}
