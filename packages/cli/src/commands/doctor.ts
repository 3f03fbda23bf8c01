import type { BackendReport } from '@anc/core/internal';
import type { MpiReport } from '@anc/pipeline/internal';
import { formatLarge } from '@anc/pipeline/options';
import { createTerminal } from '../terminal/terminal.js';
import { addCommonOptions, type CommonOptions } from './common-options.js';
import type { DefineCommand, Session } from './command.js';

interface DoctorFlags extends CommonOptions {
  readonly seconds: string;
  readonly fix?: boolean;
}

/** `doctor`: every backend, whether it works here, why not, what would help, and how fast it is. */
export const defineDoctor: DefineCommand = (command, session) => {
  command
    .argument('[names...]', 'backends to test; default: all')
    .option('--seconds <n>', 'time for measuring the speed of each', '2')
    .option('--fix', 'install what is missing: the native ONNX Runtime, and what the named backends need');
  addCommonOptions(command).action((names: string[], options: DoctorFlags) =>
    doctor(names, options, session),
  );
};

async function doctor(names: string[], flags: DoctorFlags, session: Session): Promise<void> {
  const [pipeline, { AncError }, { pluginsOf }, { EXIT }, { formatTable }] = await Promise.all([
    import('@anc/pipeline'),
    import('@anc/core'),
    import('../config/read-request.js'),
    import('../terminal/failure.js'),
    import('../terminal/table.js'),
  ]);
  const { cwd } = session;
  const terminal = createTerminal(flags.json === true, session);
  const seconds = Number(flags.seconds);
  if (!(seconds > 0 && seconds <= 600)) {
    throw new AncError('ANC_USAGE', '--seconds: expected a number above 0, up to 600.', {
      received: flags.seconds,
    });
  }
  const backends = await pipeline.doctor({
    cwd,
    ...(await pluginsOf(flags, cwd)),
    backends: names,
    seconds,
    fix: flags.fix === true,
    onInstall: (text) => terminal.log.info(`installing: ${text}`),
    onBackend: (name, index, count) => terminal.log.info(`testing ${name} (${index} of ${count})`),
  });
  const { reportMpi } = await import('@anc/pipeline/internal');
  const ranks = await reportMpi();
  terminal.document({ node: process.version, backends, ranks });
  const rows = backends.map(({ name, usable, imagesPerSecond, device, memory }) => [
    name,
    usable ? 'yes' : 'no',
    imagesPerSecond === null ? '–' : formatLarge(imagesPerSecond),
    device ?? '–',
    memory === null ? '–' : `${formatLarge(memory)}B`,
  ]);
  const table = formatTable(['backend', 'usable', 'images/s', 'device', 'memory'], rows, 'left');
  terminal.print(`Node ${process.version}\n${table}`);
  for (const { name, precisions } of backends) {
    if (precisions !== undefined) terminal.print(`${name}: products in ${precisions.join(' or ')}`);
  }
  for (const line of advice(backends)) terminal.print(line);
  for (const line of aboutRanks(ranks)) terminal.print(line);
  if (!backends.some(({ usable }) => usable)) session.exitWith(EXIT.failed);
}

/** Whether one training can be divided among several processes here. */
const aboutRanks = ({ library, reason, remedy }: MpiReport): string[] =>
  reason === null
    ? [`several ranks (mpiexec): yes, ${library}`]
    : [`several ranks (mpiexec): no, ${reason}`, ...(remedy === null ? [] : [`  ${remedy}`])];

const advice = (backends: readonly BackendReport[]): string[] =>
  backends.flatMap(({ name, reason, remedy }) =>
    reason === null ? [] : [`${name}: ${reason}${remedy === null ? '' : `\n  ${remedy}`}`],
  );
