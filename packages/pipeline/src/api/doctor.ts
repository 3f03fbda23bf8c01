import { reportBackend, type BackendReport } from '@anc/core/internal';
import { AUTO } from '../backends/auto.js';
import { installCommand, ownInstallation } from '../backends/install-command.js';
import { install } from '../backends/install.js';
import { backendsOf, probeBackend } from '../backends/probe.js';
import { callOf, composeWith, type CallOptions } from './call.js';

/** Options of `doctor`. */
export interface DoctorOptions extends Omit<CallOptions, 'offline'> {
  /** Backends to look at; default: all. */
  readonly backends?: readonly string[];
  /** How long each one's speed is measured; default: 2. */
  readonly seconds?: number;
  /**
   * Installs what is missing and can be installed on this platform, and looks again: optional dependencies of this program;
   * with `backends`, also the optional packages that these need.
   */
  readonly fix?: boolean;
  /** Called before each backend: its name, its number from 1, and how many there are. */
  readonly onBackend?: (name: string, index: number, count: number) => void;
  /** A command that is about to run, and the folder in which it runs. */
  readonly onInstall?: (command: string, folder: string) => void;
}

/** An optional dependency of this program, which every installation should have. */
const DEPENDENCY = 'onnxruntime-node@';

/**
 * Tries every backend in a process of its own: whether it works here, why not, what would help, and how fast it is. Those
 * of plugin objects, which another process cannot load, are tried in this one. Throws `ANC_UNKNOWN`, and `ANC_INSTALL` where
 * an installation that was requested fails.
 */
export async function doctor(options: DoctorOptions = {}): Promise<readonly BackendReport[]> {
  const { cwd } = callOf(options);
  const plugins = options.plugins ?? [];
  const { registries } = await composeWith(plugins, null, cwd, { discover: options.discoverPlugins })([]);
  const { backends = [] } = options;
  const wanted = backends.length === 0 ? registries.backends.names.filter((name) => name !== AUTO) : backends;
  for (const name of wanted) registries.backends.get(name); // unknown names are refused before any is opened
  const names = plugins.filter((plugin) => typeof plugin === 'string');
  const inHere = backendsOf(plugins);
  const seconds = options.seconds ?? 2;
  const place = ownInstallation(cwd);
  const commandFor = (spec: string) => installCommand(spec, place, cwd);
  const reportOf = async (name: string): Promise<BackendReport> => {
    const backend = { name, options: {} };
    const report = inHere.has(name)
      ? await reportBackend(name, () => registries.backends.create(backend, undefined), seconds)
      : await probeBackend({ backend, plugins: names, seconds }, cwd);
    return report.install === null ? report : { ...report, remedy: commandFor(report.install).text };
  };
  const reports: BackendReport[] = [];
  for (const [i, name] of wanted.entries()) {
    options.signal?.throwIfAborted();
    options.onBackend?.(name, i + 1, wanted.length);
    reports.push(await reportOf(name));
  }
  if (options.fix !== true) return reports;
  const missing = reports.flatMap(({ install: spec }) =>
    spec !== null && (backends.length > 0 || spec.startsWith(DEPENDENCY)) ? [spec] : [],
  );
  for (const spec of new Set(missing)) {
    const command = commandFor(spec);
    options.onInstall?.(command.text, command.cwd);
    await install(command);
  }
  const after: BackendReport[] = [];
  for (const report of reports) {
    const isFixed = report.install !== null && missing.includes(report.install);
    after.push(isFixed ? await reportOf(report.name) : report);
  }
  return after;
}
