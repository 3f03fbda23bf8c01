import { AncError, type BackendReport } from '@anc/core';
import { AUTO } from '../backends/auto.js';
import { probeBackend } from '../backends/probe.js';
import { joined } from '../config/flags.js';
import { EXIT } from '../failure.js';
import { formatLarge, formatTable } from '../terminal/table.js';
import { createTerminal } from '../terminal/terminal.js';
import type { DefineCommand } from './command.js';
import { loadComposition } from './load-composition.js';
import { pluginsOf } from './plugins-option.js';

interface DoctorOptions {
  readonly seconds: string;
  readonly plugins?: string;
  readonly config?: string;
  readonly json?: boolean;
}

/** `doctor`: every backend, whether it works here, why not, what would help, and how fast it is. */
export const defineDoctor: DefineCommand = (command, session) => {
  command
    .argument('[names...]', 'backends to look at; default: all')
    .option('--seconds <n>', "how long each one's speed is read", '2')
    .option('--plugins <names>', 'packages or files that bring more', joined)
    .option('--config <file>', 'take `plugins` from a configuration file; default: anc.config.* here')
    .option('--json', 'print one JSON document')
    .action(async (names: string[], options: DoctorOptions) => {
      const terminal = createTerminal(options.json === true, session);
      const seconds = Number(options.seconds);
      if (!(seconds > 0 && seconds <= 600)) {
        throw new AncError('ANC_USAGE', '--seconds: expected a number above 0, up to 600.', {
          received: options.seconds,
        });
      }
      const plugins = await pluginsOf(options, session.cwd);
      const { registries } = await loadComposition(plugins, session.cwd);
      const wanted = names.length === 0 ? registries.backends.names.filter((name) => name !== AUTO) : names;
      for (const name of wanted) registries.backends.get(name); // a misspelt one is refused before any is opened
      const backends: BackendReport[] = [];
      for (const [i, name] of wanted.entries()) {
        terminal.log.info(`looking at ${name} (${i + 1} of ${wanted.length})`);
        const request = { backend: { name, options: {} }, plugins, seconds };
        backends.push(await probeBackend(request, session.cwd));
      }
      terminal.document({ node: process.version, backends });
      terminal.print(`Node ${process.version}\n${tableOf(backends)}`);
      for (const line of advice(backends)) terminal.print(line);
      if (!backends.some(({ usable }) => usable)) session.exitWith(EXIT.failed);
    });
};

function tableOf(backends: readonly BackendReport[]): string {
  const rows = backends.map(({ name, usable, imagesPerSecond, device, memory }) => [
    name,
    usable ? 'yes' : 'no',
    imagesPerSecond === null ? '–' : formatLarge(imagesPerSecond),
    device ?? '–',
    memory === null ? '–' : `${formatLarge(memory)}B`,
  ]);
  return formatTable(['backend', 'usable', 'images/s', 'device', 'memory'], rows, 'left');
}

const advice = (backends: readonly BackendReport[]): string[] =>
  backends.flatMap(({ name, reason, remedy }) =>
    reason === null ? [] : [`${name}: ${reason}${remedy === null ? '' : `\n  ${remedy}`}`],
  );
