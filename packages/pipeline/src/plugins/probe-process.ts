import { reportBackend } from '@anc/core/internal';
import { loadComposition } from './load-composition.js';
import type { ProbeRequest } from '../backends/probe.js';

/** Answers one request and ends, whatever libraries left running. */
process.once('message', (request: ProbeRequest) => {
  void answer(request);
});

async function answer({ backend, plugins, seconds }: ProbeRequest): Promise<void> {
  const { name } = backend;
  const open = async () => {
    const { registries } = await loadComposition(plugins, process.cwd());
    return registries.backends.create(backend, undefined);
  };
  const report = await reportBackend(name, open, seconds);
  process.send?.(report, () => process.exit(0));
}
