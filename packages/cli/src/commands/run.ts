import type { RankGroup } from '@anc/core/internal';
import type { RunResult } from '@anc/pipeline';
import {
  formatKappa,
  formatLarge,
  formatMetric,
  formatSeconds,
  formatShare,
  shellQuoted,
} from '@anc/pipeline/options';
import { addFlags, readFlags } from '../config/flags.js';
import { acceptsPlugins, addChangePlugins } from './change-plugins.js';
import type { DefineCommand, Session } from './command.js';
import { nothingToResume } from './nothing-to-resume.js';

/** `run`: teacher, students, comparison; or, with `--resume`, the rest of an interrupted run. */
export const defineRun: DefineCommand = (command, session) => {
  command.option(
    '--change-options',
    'with --resume: train what is unfinished with the options given here, or edited in the folder, and record it',
  );
  command.option(
    '--plan',
    'only predict time, memory and disk, from a few measured steps, and what a smaller student or fewer views would cost; writes nothing',
  );
  addChangePlugins(command);
  command.option(
    '--continue-stopped',
    'with --resume: go on with models whose training a hook had stopped, which otherwise count as finished',
  );
  addFlags(command).action(async (options: Record<string, unknown>) => {
    const flags = readFlags(options);
    const resuming = {
      acceptChanges: options.changeOptions === true,
      changePlugins: options.changePlugins,
      continueStopped: options.continueStopped === true,
    };
    if (options.plan === true) {
      const { planRun } = await import('./run-plan.js');
      await planRun(flags, resuming, session);
    } else await run(flags, resuming, session);
  });
};

/** What is only possible with `--resume`. */
export interface Resuming {
  readonly acceptChanges: boolean;
  readonly changePlugins: unknown;
  readonly continueStopped: boolean;
}

async function run(flags: Record<string, unknown>, resuming: Resuming, session: Session): Promise<void> {
  const began = performance.now();
  const { onRanks, openMpi } = await import('@anc/pipeline/internal');
  await onRanks(await openMpi(), (ranks) => runOn(ranks, began, flags, resuming, session));
}

/** The same as one of several ranks, or alone. `began`: when the process did. */
async function runOn(
  ranks: RankGroup | undefined,
  began: number,
  flags: Record<string, unknown>,
  { acceptChanges, changePlugins, continueStopped }: Resuming,
  session: Session,
): Promise<void> {
  const [{ openTrainingSession }, { locating }, pipeline, { endInterrupted, endDiverged }, { isAncError }] =
    await Promise.all([
      import('./run-session.js'),
      import('../config/locate.js'),
      import('@anc/pipeline/internal'),
      import('../terminal/interrupted.js'),
      import('@anc/core'),
    ]);
  const { terminal, progress, signal, request, fetching, compose, resolved, changes, close } =
    await openTrainingSession(flags, session);
  const { cwd } = session;
  const emit = progress.show;
  /** Opens the run's folder: a new one, or with `--resume` an existing one. */
  const open = async () => {
    const acceptPlugins = await acceptsPlugins({ changePlugins }, request.call.resume);
    if (request.call.resume !== undefined) {
      const path = request.call.resume;
      const requested = changes(acceptChanges ? 'all' : pipeline.RATES);
      const resumed = {
        path,
        cwd,
        emit,
        changes: requested,
        acceptChanges,
        acceptPlugins,
        continueStopped,
        compose,
        fetching,
      };
      return ranks === undefined ? pipeline.resumeRun(resumed) : pipeline.resumeOnRanks(ranks, resumed);
    }
    if (acceptChanges || continueStopped) {
      const flag = acceptChanges ? '--change-options' : '--continue-stopped';
      throw await nothingToResume(flag, 'a new run takes its options as they are given.');
    }
    const planned = await resolved();
    const started = { ...planned, composition: await compose(planned.options.plugins), emit };
    return ranks === undefined ? pipeline.startRun(started) : pipeline.startOnRanks(ranks, started);
  };
  try {
    const { plan, folder, shown, release } = await locating(request.origins, open);
    const again = `anc-cli run --resume ${shellQuoted(shown)}`;
    try {
      terminal.log.info(
        `run folder: ${shown}${ranks === undefined ? '' : ` (${ranks.ranks} ranks, ${ranks.name})`}`,
      );
      const result = await pipeline.executeRun({
        plan,
        folder,
        shown,
        emit,
        signal,
        continueStopped,
        ranks,
        spent: (performance.now() - began) / 1000,
      });
      // Backends know only after the steps what they left to the processor.
      for (const message of pipeline.backendNotices(plan.backends)) emit({ type: 'notice', message });
      progress.close();
      if (result === null) endInterrupted(terminal, session, `; continue with: ${again}`);
      else {
        const failure = pipeline.divergedError(result, `${again} --learning-rate <lower>`);
        if (failure === null) terminal.document(result);
        terminal.print(await tableOf(result));
        for (const line of result.interpretation) terminal.print(line);
        terminal.print(`Everything about this run is in ${result.run}.`);
        if (failure !== null) endDiverged(terminal, session, failure, result);
      }
    } catch (error) {
      const failedBackend = isAncError(error) && /^ANC_(DEVICE|ENGINE|BACKEND)/.test(error.code);
      const other = failedBackend ? ' --backend <another, see anc-cli doctor>' : '';
      terminal.log.info(`what was finished is in ${shown}; continue with: ${again}${other}`);
      throw pipeline.afterWorkBegan(error);
    } finally {
      await release();
    }
  } catch (error) {
    if (!pipeline.isInterruption(error, signal)) throw error;
    progress.close();
    endInterrupted(
      terminal,
      session,
      ' before the run began; what has been downloaded is kept, and continued next time',
    );
  } finally {
    close();
  }
}

async function tableOf(result: RunResult): Promise<string> {
  const { teacher, students, diverged = [], classes = Infinity } = result;
  const [{ formatTable }, { kappaMatters, metricOf, taskOfDocument }] = await Promise.all([
    import('../terminal/table.js'),
    import('@anc/pipeline/internal'),
  ]);
  const { metrics } = taskOfDocument(result);
  const [primary] = metrics;
  const columns = metrics.filter(({ inTables = true }) => inTables);
  const hasBaseline = students.some(({ agreementBaseline }) => agreementBaseline !== undefined);
  const hasKappa = students.some(({ agreementBaseline }) => kappaMatters(agreementBaseline, classes));
  const agreementOf = (student?: RunResult['students'][number]): string[] => [
    student === undefined ? '' : formatShare(student.agreement ?? null),
    ...(hasBaseline ? [student === undefined ? '' : formatShare(student.agreementBaseline ?? null)] : []),
    ...(hasKappa ? [student === undefined ? '' : formatKappa(student.kappa)] : []),
  ];
  /** `12.30 % (4)`: the primary metric of the epoch that the held-out images chose. */
  const bestOf = ({ best }: RunResult['teacher']): string =>
    best === undefined ? '' : `${formatMetric(metricOf(best, primary), primary)} (${best.epoch})`;
  const held = [teacher, ...students].some(({ best }) => best !== undefined);
  const row = (method: string, result: RunResult['teacher'], agreement: string[]): string[] => [
    method,
    ...columns.map((metric) => formatMetric(metricOf(result, metric), metric)),
    ...agreement,
    ...(held ? [bestOf(result)] : []),
    formatLarge(result.parameters),
    formatLarge(result.flops),
    formatSeconds(result.seconds),
  ];
  const head = [
    'method',
    ...columns.map(({ name, label = name }) => label),
    'agreement',
    ...(hasBaseline ? ['baseline'] : []),
    ...(hasKappa ? ['kappa'] : []),
    ...(held ? ['of best epoch'] : []),
    'parameters',
    'FLOPs',
    'time',
  ];
  return formatTable(head, [
    row(`teacher (${teacher.model})`, teacher, agreementOf()),
    ...students.map((student) => row(student.name, student, agreementOf(student))),
    ...diverged.map(({ name }) => [name, 'diverged', ...Array.from({ length: head.length - 2 }, () => '')]),
  ]);
}
