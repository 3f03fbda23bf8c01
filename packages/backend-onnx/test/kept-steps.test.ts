import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Phase, Step } from '@anc/core';
import { runToySteps, toySpec } from '@anc/testing/toy';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { OnnxBackend, type OnnxBackendOptions } from '../src/index.js';
import { residualStudent, toyStep, wideTask } from './toy-steps.js';

const installed = vi.hoisted(() => ({ code: 'compiler' }));
vi.mock('@anc/core/internal', async (original) => ({
  ...(await original<object>()),
  codeIdentity: () => installed.code, // sources that are compiled as they are loaded have none
}));

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'anc-steps-'));
  vi.stubEnv('ANC_CACHE_DIR', folder);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

const kept = async (): Promise<string[]> =>
  (await readdir(folder)).includes('steps') ? (await readdir(join(folder, 'steps'))).sort() : [];

interface Training {
  readonly options?: Partial<OnnxBackendOptions>;
  /** Of the parts of the step; none where one is of a plugin. */
  readonly code?: string | null;
  /** Of the compiler. */
  readonly compiler?: string;
  readonly batchSize?: number;
  readonly id?: string;
}

/** The bytes of the state after three steps, by a process of its own as far as files are concerned, and how often its code ran. */
async function trained({ options, code = 'parts', compiler = 'compiler', batchSize = 4, id }: Training = {}) {
  const task = { ...wideTask, batchSize };
  const toy = toyStep({ task, student: residualStudent(task, 16) });
  installed.code = compiler;
  let runs = 0;
  const phases = toy.step.phases.map((phase): Phase => ({
    ...phase,
    gradients: (...inputs) => {
      runs++;
      return phase.gradients(...inputs);
    },
    update: (...inputs) => phase.update(...inputs),
  }));
  const step: Step = { ...toy.step, id: id ?? toy.step.id, phases };
  const backend = await OnnxBackend.create({ threads: 1, ...options });
  try {
    await backend.rehearse(step, toySpec(toy), { repeats: code === null, ...(code !== null && { code }) });
    const { state, metrics } = await runToySteps(backend, { ...toy, step }, 3);
    const hex = (data: ArrayBufferView): string =>
      Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('hex');
    const bytes = Object.fromEntries(Object.entries(state).map(([name, { data }]) => [name, hex(data)]));
    await vi.waitFor(async () => expect((await kept()).every((name) => name.endsWith('.step'))).toBe(true));
    return { bytes, metrics, runs };
  } finally {
    await backend.dispose();
  }
}

describe('steps on disk', () => {
  it.each([{}, { stepsPerCall: 1 }])(
    'give the same bytes as traced ones, without a trace: %j',
    async (options) => {
      vi.stubEnv('ANC_STEP_CACHE', 'off');
      const without = await trained({ options });
      expect(await kept()).toEqual([]);
      vi.stubEnv('ANC_STEP_CACHE', undefined);
      expect(await trained({ options })).toEqual(without);
      const names = await kept();
      expect(names).toHaveLength(1);
      expect(await trained({ options })).toEqual({ ...without, runs: 0 });
      expect(await kept()).toEqual(names);
    },
  );

  it('are made anew where they are damaged', async () => {
    const first = await trained();
    const file = join(folder, 'steps', (await kept())[0]!);
    const bytes = await readFile(file);
    await writeFile(file, bytes.subarray(0, 1000));
    expect(await trained()).toEqual(first);
    await vi.waitFor(async () => expect(await readFile(file)).toEqual(bytes));
  });

  it('are found for the same step alone', async () => {
    const { runs } = await trained();
    const others: Training[] = [
      { code: 'other' },
      { compiler: 'other' },
      { batchSize: 5 },
      { id: 'other' },
      { options: { stepsPerCall: 1 } },
    ];
    for (const [i, other] of others.entries()) {
      expect((await trained(other)).runs, JSON.stringify(other)).toBe(runs);
      expect(await kept()).toHaveLength(i + 2);
    }
    expect((await trained({ options: { threads: 2 } })).runs).toBe(0); // the graph is the same
  });

  it('are none of which a plugin made a part', async () => {
    await trained({ code: null });
    expect(await kept()).toEqual([]);
  });
});
