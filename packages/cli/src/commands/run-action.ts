import { isAncError } from '@anc/core';
import { WorkError } from '../failure.js';
import { reportTransfer } from '../data/report-transfer.js';
import type { RunResult } from '../run/documents.js';
import { executeRun } from '../run/execute.js';
import { isInterruption } from '../run/interrupt.js';
import { backendNotices, resumeRun, startRun } from '../run/start.js';
import { endInterrupted, stoppable } from '../terminal/interrupted.js';
import { ProgressPrinter } from '../terminal/progress.js';
import { formatLarge, formatSeconds, formatShare, formatTable } from '../terminal/table.js';
import { createTerminal } from '../terminal/terminal.js';
import type { Session } from './command.js';

/** The action of `run`. */
export async function run(flags: Record<string, unknown>, session: Session): Promise<void> {
  const { cwd } = session;
  const terminal = createTerminal(flags.json === true, session);
  const reporter = new ProgressPrinter(terminal, flags.quiet === true);
  const noticed = new Set<string>();
  const notice = (message: string): void => {
    if (!noticed.has(message)) reporter.notice(message);
    noticed.add(message);
  };
  const interrupt = stoppable(terminal);
  try {
    const fetching = { ...reportTransfer(reporter), signal: interrupt.signal };
    const { plan, folder, shown, release } =
      typeof flags.resume === 'string'
        ? await resumeRun(flags, flags.resume, cwd, notice, fetching)
        : await startRun(flags, cwd, notice, fetching);
    const again = `anc-cli run --resume ${shown}`;
    try {
      terminal.log.info(`run folder: ${shown}`);
      const { signal } = interrupt;
      const result = await executeRun({ plan, folder, shown, reporter, signal });
      backendNotices(plan.backends).forEach(notice); // what they left to the processor, known since steps ran
      if (result !== null) {
        show(result);
        return;
      }
      endInterrupted(terminal, session, `; continue with: ${again}`);
    } catch (error) {
      const other = ofBackend(error) ? ' --backend <another, see anc-cli doctor>' : '';
      terminal.log.info(`what was finished is in ${shown}; continue with: ${again}${other}`);
      throw new WorkError(error);
    } finally {
      reporter.close();
      await release();
    }
  } catch (error) {
    if (!isInterruption(error, interrupt.signal)) throw error;
    reporter.close();
    endInterrupted(terminal, session, ' while getting data; what has come is kept, and continued next time');
  } finally {
    interrupt.release();
  }

  function show(result: RunResult): void {
    reporter.close();
    terminal.document(result);
    terminal.print(tableOf(result));
    for (const line of result.reading) terminal.print(line);
    terminal.print(`Everything about this run is in ${result.run}.`);
  }
}

/** Whether what computes failed: another one can go on from the last checkpoint. */
const ofBackend = (error: unknown): boolean =>
  isAncError(error) && /^ANC_(DEVICE|ENGINE|BACKEND)/.test(error.code);

function tableOf({ teacher, students }: RunResult): string {
  const held = [teacher, ...students].some(({ best }) => best !== undefined);
  const row = (method: string, result: RunResult['teacher'], agreement: string): string[] => [
    method,
    formatShare(result.testError),
    agreement,
    ...(held ? [describeBest(result)] : []),
    formatLarge(result.parameters),
    formatLarge(result.flops),
    formatSeconds(result.seconds),
  ];
  return formatTable(
    ['method', 'test error', 'agreement', ...(held ? ['of best epoch'] : []), 'parameters', 'FLOPs', 'time'],
    [
      row(`teacher (${teacher.model})`, teacher, ''),
      ...students.map((student) => row(student.name, student, formatShare(student.agreement))),
    ],
  );
}

/** `12.30 % (4)`: the test error of the epoch that the held-out images chose. */
const describeBest = ({ best }: RunResult['teacher']): string =>
  best === undefined ? '' : `${formatShare(best.testError)} (${best.epoch})`;
