import { optionTable, shellQuoted } from '@anc/pipeline/options';
import { addFlags, readFlags } from '../config/flags.js';
import type { DefineCommand, Session } from './command.js';

/** Options that a process may have of its own: no result depends on them but in its last digits. */
const OWN = ['dataDir', 'threads', 'backend', 'teacherBackend', 'studentBackend', 'checkpointMinutes'];

/** `worker`: takes trainings of a comparison, tuning or reproduction beside other processes. */
export const defineWorker: DefineCommand = (command, session) => {
  command
    .argument('<folder>', 'a folder that sweep, compare, tune or reproduce made')
    .option(
      '--index <n>',
      'number of this process among the others, from 0: they begin with different trainings',
    );
  const others = optionTable.map(({ key }) => key).filter((key) => !OWN.includes(key));
  addFlags(command, [...others, 'resume', 'config']).action(
    (folder: string, options: Record<string, unknown>) =>
      worker(folder, readFlags(options), options, session),
  );
};

async function worker(
  folder: string,
  flags: Record<string, unknown>,
  { index = '0' }: { readonly index?: string },
  session: Session,
): Promise<void> {
  const [{ openTrainingSession }, pipeline, { endInterrupted }, { AncError }] = await Promise.all([
    import('./run-session.js'),
    import('@anc/pipeline/internal'),
    import('../terminal/interrupted.js'),
    import('@anc/core'),
  ]);
  if (!/^\d+$/.test(index))
    throw new AncError('ANC_CONFIG', '--index: expected a whole number, from 0.', { received: index });
  const { terminal, progress, signal, fetching, changes, close } = await openTrainingSession(flags, session);
  try {
    const { cwd } = session;
    const call = { cwd, offline: fetching.offline === true, signal, index: Number(index), ...changes() };
    const result = await pipeline.workIn(folder, call, progress.show);
    progress.close();
    if (result === null) {
      endInterrupted(terminal, session, `; continue with: anc-cli worker ${shellQuoted(folder)}`);
      return;
    }
    terminal.document(result);
    terminal.print(`Nothing is left to do in ${folder}: the result is in ${result.document}.`);
  } finally {
    close();
  }
}
