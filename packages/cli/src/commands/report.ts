import { createTerminal } from '../terminal/terminal.js';
import type { DefineCommand, Session } from './command.js';

/** `report <folder>`: writes the report of a run again, or of what is finished of it. */
export const defineReport: DefineCommand = (command, session) => {
  command
    .argument('<folder>', 'a folder that run, compare, tune or reproduce made')
    .option('--json', 'print one JSON document on stdout, everything else on stderr')
    .action((folder: string, options: { readonly json?: boolean }) => report(folder, options, session));
};

async function report(
  folder: string,
  { json }: { readonly json?: boolean },
  session: Session,
): Promise<void> {
  const pipeline = await import('@anc/pipeline');
  const terminal = createTerminal(json === true, session);
  const written = await pipeline.report(folder, { cwd: session.cwd });
  const { finished, trainings } = written;
  const what =
    trainings === undefined
      ? 'the run is not finished'
      : `${trainings.finished} of ${trainings.total} trainings are finished`;
  if (!finished) terminal.log.warn(`${what}: the report shows what is.`);
  terminal.document(written);
  terminal.print(written.report);
}
