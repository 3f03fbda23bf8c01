import { kindNames, KINDS } from '@anc/pipeline/plugins';
import { addCommonOptions, type CommonOptions } from './common-options.js';
import { formatTable } from '../terminal/table.js';
import { createTerminal } from '../terminal/terminal.js';
import type { DefineCommand } from './command.js';
import { loadComposition } from '@anc/pipeline/plugins';
import { pluginsOf } from '../config/read-request.js';

/** `list`: everything that is registered, and by which package. */
export const defineList: DefineCommand = (command, session) => {
  addCommonOptions(command).action(async (options: CommonOptions) => {
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
