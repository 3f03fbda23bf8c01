import type { TuneResult } from '@anc/pipeline';
import { shellQuoted } from '@anc/pipeline/options';
import { addFlags, readFlags } from '../config/flags.js';
import { acceptsPlugins, addChangePlugins } from './change-plugins.js';
import type { DefineCommand, Session } from './command.js';
import { addJobs, jobsOf, processesFor } from './jobs-flag.js';
import { addSearch, type SearchFlags } from './search-flags.js';

interface TuneFlags extends SearchFlags {
  readonly jobs?: string;
  readonly changePlugins?: unknown;
}

/** `tune`: the same number of trials for every method, evaluated on held-out training images. */
export const defineTune: DefineCommand = (command, session) => {
  addSearch(command);
  // No test image is opened.
  addJobs(command);
  addChangePlugins(command);
  addFlags(command, ['limitTest', 'time', 'continue']).action((options: Record<string, unknown>) =>
    tune(readFlags(options), options, session),
  );
};

async function tune(flags: Record<string, unknown>, search: TuneFlags, session: Session): Promise<void> {
  const [{ openTrainingSession }, { locating }, pipeline, { endInterrupted }, { isAncError, AncError }] =
    await Promise.all([
      import('./run-session.js'),
      import('../config/locate.js'),
      import('@anc/pipeline/internal'),
      import('../terminal/interrupted.js'),
      import('@anc/core'),
    ]);
  const training = await openTrainingSession(flags, session);
  const { terminal, progress, signal, request, fetching, resolved, changes, close } = training;
  const emit = progress.show;
  const { searchOf } = await import('./search-options.js');
  let processes: Awaited<ReturnType<typeof processesFor>>;
  /** A new tuning, or with `--resume` an existing one. */
  const open = async () => {
    const { resume } = request.call;
    const acceptPlugins = await acceptsPlugins(search, resume);
    processes = await processesFor(search.jobs, training, { cwd: session.cwd, acceptPlugins });
    if (resume === undefined)
      return pipeline.startTuning(await resolved(), searchOf(search), emit, jobsOf(search.jobs));
    const given = Object.entries({
      '--learning-rates': search.learningRates,
      '--temperatures': search.temperatures,
      '--budget': search.budget,
      '--confirm': search.confirm,
    }).find(([, value]) => value !== undefined);
    if (given !== undefined) {
      throw new AncError('ANC_CONFIG', `${given[0]}: a tuning is resumed with its own search.`, {
        received: given[1]!,
        hint: 'leave it out, or start again without --resume.',
      });
    }
    const call = { cwd: session.cwd, offline: fetching.offline === true, signal, acceptPlugins };
    return pipeline.continueTuning(resume, changes(), call, emit);
  };
  try {
    const tuning = await locating(request.origins, open);
    terminal.log.info(`folder of the tuning: ${tuning.path}`);
    const again = `anc-cli tune --resume ${shellQuoted(tuning.path)}`;
    try {
      const result = await tuning.execute(signal, processes);
      progress.close();
      await show(result);
    } catch (error) {
      if (isAncError(error) && error.code === 'ANC_INTERRUPTED') {
        progress.close();
        endInterrupted(terminal, session, `; continue with: ${again}`);
        return;
      }
      terminal.log.info(`what was finished is kept; continue with: ${again}`);
      throw error;
    }
  } finally {
    close();
  }

  async function show(result: TuneResult): Promise<void> {
    const { formatTable } = await import('../terminal/table.js');
    const { head, rows } = pipeline.tunedRows(result);
    terminal.document(result);
    terminal.print(formatTable(head, rows));
    for (const line of [...pipeline.triedLines(result), ...result.interpretation]) terminal.print(line);
    terminal.print(
      `Every method with its best options is in ${result.found}: anc-cli compare --config ${shellQuoted(result.found)}`,
    );
  }
}
