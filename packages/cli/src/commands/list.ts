import { AncError } from '@anc/core';
import { suggestion } from '@anc/pipeline/options';
import { kindNames, KINDS, type Composition, type Kind } from '@anc/pipeline/plugins';
import { addCommonOptions, type CommonOptions } from './common-options.js';
import { formatTable } from '../terminal/table.js';
import { compositionOf } from './composition-of.js';
import { createTerminal } from '../terminal/terminal.js';
import type { DefineCommand } from './command.js';
import { kindOf } from './kind-word.js';

interface ListOptions extends CommonOptions {
  readonly kind?: string;
  readonly plugin?: string;
}

/** `list`: everything that is registered, and by which package; with `--kind` and `--plugin`, some of it. */
export const defineList: DefineCommand = (command, session) => {
  command
    .option('--kind <kind>', `one kind: ${Object.values(KINDS).join(', ')}`)
    .option('--plugin <name>', 'what one plugin brings');
  addCommonOptions(command).action(async (options: ListOptions) => {
    const terminal = createTerminal(options.json === true, session);
    const kinds = options.kind === undefined ? kindNames : [kindOf(options.kind, 'list')];
    const composition = await compositionOf(options, session.cwd);
    if (options.plugin !== undefined) assertKnown(options.plugin, composition);
    for (const { name, error } of composition.broken)
      terminal.log.warn(`the installed plugin ${name} cannot be used: ${error.describe()}`);
    const of = (kind: Kind) =>
      composition.registries[kind].all.filter(
        ({ package: from }) => options.plugin === undefined || from === options.plugin,
      );
    terminal.document(
      Object.fromEntries(
        kinds.map((kind) => [
          kind,
          of(kind).map(({ name, package: from, contribution }) => ({
            name,
            package: from,
            summary: contribution.summary ?? null,
          })),
        ]),
      ),
    );
    const rows = kinds.flatMap((kind) =>
      of(kind).map(({ name, package: from, contribution }) => [
        KINDS[kind],
        name,
        contribution.summary ?? '',
        from,
      ]),
    );
    terminal.print(formatTable(['kind', 'name', 'what', 'package'], rows, 'left'));
  });
};

/** Throws `ANC_UNKNOWN`, or why an installed plugin cannot be used. */
function assertKnown(name: string, { plugins, broken }: Composition): void {
  const names = plugins.map(({ plugin }) => plugin.name);
  if (names.includes(name)) return;
  const failed = broken.find((one) => one.name === name);
  if (failed !== undefined) throw failed.error;
  const hint =
    suggestion(name, names) ?? 'name it with --plugins, or install it in the project of this folder.';
  throw new AncError('ANC_UNKNOWN', `there is no plugin "${name}".`, {
    expected: `one of ${names.join(', ')}`,
    hint,
  });
}
