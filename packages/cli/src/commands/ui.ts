import { InvalidArgumentError } from 'commander';
import { EXIT } from '../terminal/failure.js';
import { onInterrupt } from '../terminal/on-interrupt.js';
import { createTerminal } from '../terminal/terminal.js';
import type { DefineCommand, Session } from './command.js';

/** `ui [folder]`: serves the reports of runs while they are trained, until Ctrl-C. */
export const defineUi: DefineCommand = (command, session) => {
  command
    .argument('[folder]', 'folder in which runs are created', 'runs')
    .option('--port <port>', 'port of the loopback interface; 0: a free one', port, 0)
    .option('--json', 'print one JSON document on stdout, everything else on stderr')
    .action((folder: string, options: UiFlags) => ui(folder, options, session));
};

interface UiFlags {
  readonly port: number;
  readonly json?: boolean;
}

async function ui(folder: string, { port, json }: UiFlags, session: Session): Promise<void> {
  const pipeline = await import('@anc/pipeline');
  const terminal = createTerminal(json === true, session);
  const interrupt = onInterrupt(() => undefined);
  try {
    const server = await pipeline.ui(folder, { cwd: session.cwd, port });
    terminal.document({ url: server.url, folder });
    terminal.print(server.url);
    terminal.log.info(`the runs in ${folder}; press Ctrl-C to stop`);
    await new Promise<void>((resolve) => {
      if (interrupt.signal.aborted) resolve();
      else interrupt.signal.addEventListener('abort', () => resolve(), { once: true });
    });
    await server.close();
    session.exitWith(EXIT.interrupted); // as every command that a signal ends
  } finally {
    interrupt.release();
  }
}

function port(text: string): number {
  const number = Number(text);
  if (/^\d+$/.test(text) && number <= 65_535) return number;
  throw new InvalidArgumentError('expected a number from 0 to 65535.');
}
