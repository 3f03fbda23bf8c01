import { AncError, definePlugin, PLUGIN_API_VERSION, type Backend, type Plugin } from '@anc/core';
import { fastest, reportBackend, type BackendReport } from '@anc/core/internal';
import { z } from 'zod';
import type { Named } from '../text/named.js';
import { MOST_THREADS } from '../options/most-threads.js';
import type { Registry } from '../composition/registry.js';
import { optionNames } from '../composition/validate-options.js';
import { formatRate } from '../text/format.js';
import { backendsOf, probeBackend } from './probe.js';

export const AUTO = 'auto';

/** `tfjs` is the best of its own variants, which are measured themselves. */
const composite = [AUTO, 'tfjs'];
/** A reference: measured only where nothing else works. */
const lastResort = 'tfjs:cpu';

const schema = z.strictObject({
  candidates: z.array(z.string().min(1)).min(1).optional().describe('names to choose from; all by default'),
  seconds: z.number().positive().default(0.5).describe('how long each speed is read'),
  threads: z
    .number()
    .int()
    .positive()
    .max(MOST_THREADS)
    .optional()
    .describe('for candidates that use threads'),
});

type AutoOptions = z.output<typeof schema>;

/** What was chosen, and why: part of a run's record. */
export interface BackendChoice {
  readonly chosen: Named;
  /** A sentence for people. */
  readonly why: string;
  readonly readings: readonly BackendReport[];
}

const choices = new WeakMap<Backend, BackendChoice>();

/** How a backend was chosen, where `auto` opened it. */
export const choiceOf = (backend: Backend): BackendChoice | null => choices.get(backend) ?? null;

/** Measured once in a process, for every run that it makes without plugin objects: these differ under equal names. */
const measured = new Map<string, Promise<BackendChoice>>();

/** Registers `auto`, which measures the backends of `registry` and opens the fastest. */
export function autoPlugin(
  registry: () => Registry<'backends'>,
  plugins: readonly (string | Plugin)[],
  cwd: string,
): Plugin {
  const known = plugins.every((plugin) => typeof plugin === 'string')
    ? measured
    : new Map<string, Promise<BackendChoice>>();
  return definePlugin({
    name: 'anc-cli',
    apiVersion: PLUGIN_API_VERSION,
    backends: {
      [AUTO]: {
        summary: 'the fastest one that works here, found by a short measurement',
        options: schema,
        create: async (options: AutoOptions) => {
          const key = JSON.stringify([options, plugins, cwd]);
          const choosing = known.get(key) ?? choose(registry(), plugins, cwd, options);
          known.set(key, choosing);
          const choice = await choosing;
          const backend = await registry().create(choice.chosen, undefined);
          choices.set(backend, choice);
          return backend;
        },
      },
    },
  });
}

async function choose(
  registry: Registry<'backends'>,
  plugins: readonly (string | Plugin)[],
  cwd: string,
  { candidates, seconds, threads }: AutoOptions,
): Promise<BackendChoice> {
  const named = (name: string): Named => {
    const known = optionNames(registry.get(name).contribution.options) ?? [];
    return { name, options: threads !== undefined && known.includes('threads') ? { threads } : {} };
  };
  const inHere = backendsOf(plugins);
  const loadable = plugins.filter((plugin) => typeof plugin === 'string');
  const probe = (name: string): Promise<BackendReport> =>
    inHere.has(name)
      ? reportBackend(name, () => registry.create(named(name), undefined), seconds)
      : probeBackend({ backend: named(name), plugins: loadable, seconds }, cwd);
  const names = candidates ?? registry.names.filter((name) => ![...composite, lastResort].includes(name));
  const readings: BackendReport[] = [];
  for (const name of names) readings.push(await probe(name)); // one at a time: they would slow each other down
  if (fastest(readings) === null && candidates === undefined) readings.push(await probe(lastResort));
  const best = fastest(readings);
  if (best === null) {
    throw new AncError('ANC_BACKEND_MISSING', 'none of the backends works here.', {
      expected: `one of ${names.join(', ')}`,
      received: readings.map(({ name, reason }) => `${name}: ${reason}`).join('; '),
      hint: 'see `anc-cli doctor` for what would make them work.',
    });
  }
  return { chosen: named(best.name), why: sentence(best, readings), readings };
}

const rate = ({ imagesPerSecond }: BackendReport): string => formatRate(imagesPerSecond ?? 0);

/** `backend auto: onnx (1,780 images/s), before tfjs:wasm (120 images/s); not usable: onnx:cuda.` */
function sentence(best: BackendReport, readings: readonly BackendReport[]): string {
  const others = readings
    .filter((report) => report !== best && report.usable)
    .sort((a, b) => (b.imagesPerSecond ?? 0) - (a.imagesPerSecond ?? 0));
  const unusable = readings.filter(({ usable }) => !usable).map(({ name }) => name);
  const parts = [
    `backend auto: ${best.name} (${rate(best)})`,
    others.length === 0
      ? ''
      : `, before ${others.map((report) => `${report.name} (${rate(report)})`).join(', ')}`,
    unusable.length === 0 ? '' : `; not usable: ${unusable.join(', ')}`,
  ];
  return `${parts.join('')}.`;
}
