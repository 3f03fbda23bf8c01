import type { CompareResult } from '@anc/pipeline';
import { shellQuoted } from '@anc/pipeline/options';
import { addFlags, readFlags } from '../config/flags.js';
import { acceptsPlugins, addChangePlugins } from './change-plugins.js';
import type { DefineCommand, Session } from './command.js';
import { addJobs, jobsOf, processesFor } from './jobs-flag.js';

/** `compare`: one teacher, every method with every seed, and the differences with their confidence intervals. */
export const defineCompare: DefineCommand = (command, session) => {
  command.option(
    '--seeds <n>',
    'how many seeds, counted from --seed; default: 3; with --resume: adds seeds to the comparison, or leaves some out',
  );
  addJobs(command);
  addChangePlugins(command);
  addFlags(command, ['time', 'continue']).action((options: Record<string, unknown>) =>
    compare(readFlags(options), options, session),
  );
};

interface CompareFlags {
  readonly seeds?: string;
  readonly jobs?: string;
  readonly changePlugins?: unknown;
}

async function compare(
  flags: Record<string, unknown>,
  { seeds, jobs, changePlugins }: CompareFlags,
  session: Session,
): Promise<void> {
  const [
    { openTrainingSession },
    { locating },
    pipeline,
    { endInterrupted, endDiverged },
    { resolve },
    { countOf },
  ] = await Promise.all([
    import('./run-session.js'),
    import('../config/locate.js'),
    import('@anc/pipeline/internal'),
    import('../terminal/interrupted.js'),
    import('node:path'),
    import('./sizes.js'),
  ]);
  const training = await openTrainingSession(flags, session);
  const { terminal, progress, signal, request, fetching, compose, resolved, changes, close } = training;
  const { cwd } = session;
  /** A new comparison, or with `--resume` an existing one. */
  const open = async () => {
    const { resume } = request.call;
    const acceptPlugins = await acceptsPlugins({ changePlugins }, resume);
    const processes = await processesFor(jobs, training, { cwd, acceptPlugins });
    if (resume === undefined)
      return {
        ...(await pipeline.newComparison(await resolved(), countOf(seeds ?? '3'), jobsOf(jobs))),
        processes,
      };
    const path = resolve(cwd, resume);
    const count = seeds === undefined ? undefined : countOf(seeds);
    const record = await pipeline.comparisonToResume(path, changes(), count);
    const call = { path, cwd, fetching, compose, changes: changes(), acceptPlugins };
    return { ...call, given: [], record, processes };
  };
  try {
    const result = await locating(request.origins, async () => {
      const comparison = await open();
      terminal.log.info(`folder of the comparison: ${comparison.path}`);
      const found = await pipeline.executeComparison({ ...comparison, emit: progress.show, signal });
      progress.close();
      if (found === null) {
        endInterrupted(
          terminal,
          session,
          `; continue with: anc-cli compare --resume ${shellQuoted(comparison.path)}`,
        );
      }
      return found;
    });
    if (result !== null) await show(result);
  } finally {
    close();
  }

  async function show(result: CompareResult): Promise<void> {
    const { formatTable } = await import('../terminal/table.js');
    const { head, rows } = pipeline.comparedRows(result);
    const failure = pipeline.divergedComparison(result);
    if (failure === null) terminal.document(result);
    terminal.print(formatTable(head, rows));
    for (const line of result.interpretation) terminal.print(line);
    terminal.print(`Everything about this comparison is in ${result.compare} (report.html, compare.json).`);
    if (failure !== null) endDiverged(terminal, session, failure, result);
  }
}
