import type { TuneResult } from '@anc/pipeline';
import { shellQuoted } from '@anc/pipeline/options';
import { addFlags, joined, readFlags } from '../config/flags.js';
import { acceptsPlugins, addChangePlugins } from './change-plugins.js';
import type { DefineCommand, Session } from './command.js';
import { addJobs, jobsOf, processesFor } from './jobs-flag.js';

/** Flags of `tune` alone. */
interface SearchFlags {
  readonly learningRates?: string;
  readonly temperatures?: string;
  readonly budget?: string;
  readonly confirm?: string;
  readonly jobs?: string;
  readonly changePlugins?: unknown;
}

/** `tune`: the same number of trials for every method, evaluated on held-out training images. */
export const defineTune: DefineCommand = (command, session) => {
  command
    .option(
      '--learning-rates <list>',
      'learning rates that every method tries; default: five around --learning-rate',
      joined,
    )
    .option(
      '--temperatures <list>',
      'temperatures that methods with a temperature try at their best learning rate; the rates are tried with the first',
      joined,
    )
    .option('--budget <n>', 'trials of each method; trials beyond the lists refine the learning rate')
    .option('--confirm <n>', 'train each chosen setting with n fresh seeds and compare; default: 0');
  // No test image is opened.
  addJobs(command);
  addChangePlugins(command);
  addFlags(command, ['limitTest', 'time', 'continue']).action((options: Record<string, unknown>) =>
    tune(readFlags(options), options, session),
  );
};

async function tune(flags: Record<string, unknown>, search: SearchFlags, session: Session): Promise<void> {
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
  const numbersOf = (text: string, flag: string): number[] => {
    const numbers = text.split(',').map(Number);
    if (numbers.every((value) => Number.isFinite(value) && value > 0)) return numbers;
    throw new AncError('ANC_CONFIG', `${flag}: expected numbers above zero.`, {
      received: text,
      hint: `e.g. ${flag} 0.001,0.002,0.004`,
    });
  };
  const countOf = (text: string, flag: string, least: number): number => {
    const count = Number(text);
    if (text.trim() !== '' && Number.isInteger(count) && count >= least) return count;
    throw new AncError('ANC_CONFIG', `${flag}: expected a whole number of at least ${least}.`, {
      received: text,
    });
  };
  const searchOf = ({ learningRates, temperatures, budget, confirm }: SearchFlags) => ({
    ...(learningRates === undefined ? {} : { learningRates: numbersOf(learningRates, '--learning-rates') }),
    ...(temperatures === undefined ? {} : { temperatures: numbersOf(temperatures, '--temperatures') }),
    ...(budget === undefined ? {} : { budget: countOf(budget, '--budget', 1) }),
    ...(confirm === undefined ? {} : { confirm: countOf(confirm, '--confirm', 0) }),
  });
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
