/** Processes of PyTorch that a benchmark measures in turns with our own work, one per configuration. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** What an experienced user of PyTorch chooses from: `<mode>/<layout>/<dtype>`. */
export const CONFIGURATIONS = ['eager', 'compiled'].flatMap((mode) =>
  ['default', 'channels_last'].flatMap((layout) =>
    ['float32', 'bfloat16'].map((dtype) => `${mode}/${layout}/${dtype}`),
  ),
);

/**
 * Starts a script of peers/ once for each configuration, or not at all without a Python. `ask` sends one line and returns
 * the document that answers it.
 */
export function startPeers(python, script, args, configurations) {
  if (python === '') return [];
  const path = fileURLToPath(new URL(`./peers/${script}`, import.meta.url));
  return configurations.map((configuration) => {
    const child = spawn(python, [path, ...args.map(String), configuration], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    return {
      configuration,
      times: [],
      async ask(line) {
        child.stdin.write(`${line}\n`);
        const { value, done } = await lines.next();
        if (done) throw new Error(`the PyTorch process of ${configuration} ended`);
        return JSON.parse(value);
      },
      stop: () => child.stdin.end(),
    };
  });
}

/** The fastest peer, of one precision or of all; undefined where there is none. */
export const bestOf = (peers, median, dtype) =>
  peers
    .filter(({ configuration }) => dtype === undefined || configuration.endsWith(dtype))
    .sort((a, b) => median(a.times) - median(b.times))[0];
