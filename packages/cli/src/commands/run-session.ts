import {
  callOf,
  composeWith,
  withResolvedNames,
  withDefaultBackend,
  withParent,
  type Fetching,
  type RunRequest,
} from '@anc/pipeline/internal';
import type { Session } from './command.js';
import { readRequest, type CommandRequest } from '../config/read-request.js';
import { resolveRequest } from '../config/resolve-request.js';
import { changesOf } from '../config/resumed-flags.js';
import { flagOf } from '../config/locate.js';
import { stoppable } from '../terminal/interrupted.js';
import { ProgressPrinter } from '../terminal/progress.js';
import { reportTransfer } from '../terminal/report-transfer.js';
import { createTerminal, type Terminal } from '../terminal/terminal.js';

/** What the commands that train have in common: terminal, progress, Ctrl-C, options. */
export interface TrainingSession {
  readonly terminal: Terminal;
  readonly progress: ProgressPrinter;
  readonly signal: AbortSignal;
  readonly request: CommandRequest;
  readonly fetching: Fetching;
  /** Loads plugins by name. */
  readonly compose: RunRequest['compose'];
  /** Options completed by the dataset that is meant and by their preset, with everything that planning needs. */
  resolved(): Promise<RunRequest>;
  /** The options beside `--resume`. Throws `ANC_CONFIG` where one would change the run. */
  changes(accepted?: 'all' | readonly string[]): Record<string, unknown>;
  close(): void;
}

/** Reads flags and configuration file, and shows warnings about renamed options. */
export async function openTrainingSession(
  flags: Readonly<Record<string, unknown>>,
  session: Session,
): Promise<TrainingSession> {
  const { cwd } = session;
  const terminal = createTerminal(flags.json === true, session);
  const progress = new ProgressPrinter(terminal, flags.quiet === true, flagOf);
  const request = await readRequest(flags, cwd);
  for (const warning of request.warnings) progress.notice(warning);
  // Open MPI passes this one on to its ranks; after SIGTERM it leaves them a second.
  const interrupt = stoppable(terminal, (session.rank ?? null) === null ? [] : ['SIGUSR2']);
  const call = callOf({ cwd, offline: request.call.offline === true, signal: interrupt.signal });
  const fetching = { ...call.fetching, ...reportTransfer(progress) };
  const compose = composeWith(request.plugins, null, cwd, {
    discover: request.input.discoverPlugins,
    notice: (message) => progress.notice(message),
  });
  return {
    terminal,
    progress,
    signal: interrupt.signal,
    request,
    fetching,
    compose,
    async resolved() {
      const parent = await withParent(request.input, cwd);
      const named = await withResolvedNames(parent.input, cwd, compose);
      const { input, notices } = withDefaultBackend(named.input);
      for (const notice of [...parent.notices, ...named.notices, ...notices]) progress.notice(notice);
      const { options, given } = resolveRequest({ ...request, input });
      const hasValues = request.plugins.length > 0;
      return { options, given: given.filter(parent.isOwn), cwd, fetching, compose, input, hasValues };
    },
    changes: (accepted) => changesOf(flags, accepted),
    close() {
      progress.close();
      interrupt.release();
    },
  };
}
