import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sgd, type Step } from '@anc/core';
import { residualNetwork, runToySteps, toyAdversarialStep, toySpec } from '@anc/testing/toy';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { OnednnBackend } from '../src/index.js';
import { whyMissing } from './missing.js';

vi.mock('@anc/core/internal', async (original) => ({
  ...(await original<object>()),
  codeIdentity: () => 'compiler', // sources that are compiled as they are loaded have none
}));

const why = await whyMissing();

const task = {
  image: [12, 12, 2],
  classes: 4,
  features: 32,
  batchSize: 4,
  normalization: { mean: [128, 128], std: [128, 128] },
} as const;

describe.skipIf(why !== null)(`steps on disk${why ?? ''}`, () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'anc-steps-'));
    vi.stubEnv('ANC_CACHE_DIR', folder);
  });
  afterEach(async () => {
    vi.unstubAllEnvs();
    await rm(folder, { recursive: true });
  });

  const kept = (): Promise<string[]> => readdir(join(folder, 'steps')).catch(() => []);

  /** State and metrics after three steps on a backend of its own, and how often the code of the step ran. */
  async function trained() {
    const toy = toyAdversarialStep({
      task,
      student: residualNetwork(task, { filters: 16, strides: [1, 2], bias: false }),
      optimizer: sgd({ momentum: 0.9 }),
    });
    let runs = 0;
    const phases = toy.step.phases.map((phase) => ({
      ...phase,
      gradients: (...inputs: Parameters<typeof phase.gradients>) => {
        runs++;
        return phase.gradients(...inputs);
      },
    }));
    const step: Step = { ...toy.step, phases };
    const backend = await OnednnBackend.create({ threads: 1 });
    try {
      await backend.rehearse(step, toySpec(toy), { repeats: false, code: 'parts' });
      const { state, metrics } = await runToySteps(backend, { ...toy, step }, 3);
      const numbers = Object.entries(state).map(([name, { data }]) => [name, [...data]] as const);
      return { state: Object.fromEntries(numbers), metrics, runs };
    } finally {
      await backend.dispose();
    }
  }

  it('train the same numbers without running the code of the step', async () => {
    vi.stubEnv('ANC_STEP_CACHE', 'off');
    const without = await trained();
    expect(await kept()).toEqual([]);
    vi.stubEnv('ANC_STEP_CACHE', undefined);
    expect(await trained()).toEqual(without);
    await vi.waitFor(async () => expect(await kept()).toEqual([expect.stringMatching(/\.step$/)]));
    expect(await trained()).toEqual({ ...without, runs: 0 });
  });
});
