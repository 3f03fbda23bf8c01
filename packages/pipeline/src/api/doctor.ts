import { reportBackend, type BackendReport } from '@anc/core/internal';
import { AUTO } from '../backends/auto.js';
import { backendsOf, probeBackend } from '../backends/probe.js';
import { callOf, composeWith, type CallOptions } from './run-input.js';

export interface DoctorOptions extends Omit<CallOptions, 'offline'> {
  /** Backends to look at; default: all. */
  readonly backends?: readonly string[];
  /** How long each one's speed is measured; default: 2. */
  readonly seconds?: number;
  readonly onBackend?: (name: string, index: number, count: number) => void;
}

/**
 * Tries every backend in a process of its own: whether it works here, why not, what would help, and how fast it is. Those
 * of plugin objects, which another process cannot load, are tried in this one. Throws `ANC_UNKNOWN`.
 */
export async function doctor(options: DoctorOptions = {}): Promise<readonly BackendReport[]> {
  const { cwd } = callOf(options);
  const plugins = options.plugins ?? [];
  const { registries } = await composeWith(plugins, null, cwd)([]);
  const { backends } = options;
  const wanted =
    backends === undefined || backends.length === 0
      ? registries.backends.names.filter((name) => name !== AUTO)
      : backends;
  for (const name of wanted) registries.backends.get(name); // unknown names are refused before any is opened
  const names = plugins.filter((plugin) => typeof plugin === 'string');
  const inHere = backendsOf(plugins);
  const seconds = options.seconds ?? 2;
  const reports: BackendReport[] = [];
  for (const [i, name] of wanted.entries()) {
    options.signal?.throwIfAborted();
    options.onBackend?.(name, i + 1, wanted.length);
    const backend = { name, options: {} };
    reports.push(
      inHere.has(name)
        ? await reportBackend(name, () => registries.backends.create(backend, undefined), seconds)
        : await probeBackend({ backend, plugins: names, seconds }, cwd),
    );
  }
  return reports;
}
