import { kindNames, KINDS } from '../composition/kinds.js';
import { joined } from '../config/flags.js';
import { formatTable } from '../terminal/table.js';
import { createTerminal } from '../terminal/terminal.js';
import type { DefineCommand } from './command.js';
import { loadComposition } from './load-composition.js';
import { pluginsOf } from './plugins-option.js';

/** `list`: everything that is registered, and by which package. */
export const defineList: DefineCommand = (command, session) => {
  command
    .option('--plugins <names>', 'packages or files that bring more', joined)
    .option('--config <file>', 'take `plugins` from a configuration file; default: anc.config.* here')
    .option('--json', 'print one JSON document')
    .action(async (options: { plugins?: string; config?: string; json?: boolean }) => {
      const terminal = createTerminal(options.json === true, session);
      const { registries } = await loadComposition(await pluginsOf(options, session.cwd), session.cwd);
      terminal.document(
        Object.fromEntries(
          kindNames.map((kind) => [
            kind,
            registries[kind].all.map(({ name, package: from, contribution }) => ({
              name,
              package: from,
              summary: contribution.summary ?? null,
            })),
          ]),
        ),
      );
      const rows = kindNames.flatMap((kind) =>
        registries[kind].all.map(({ name, package: from, contribution }) => [
          KINDS[kind],
          name,
          contribution.summary ?? '',
          from,
        ]),
      );
      terminal.print(formatTable(['kind', 'name', 'what', 'package'], rows, 'left'));
    });
};
