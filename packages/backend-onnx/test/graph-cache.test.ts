import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { runToySteps } from '@anc/testing/toy';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { OnnxBackend, type OnnxOptions } from '../src/index.js';
import { residualStudent, toyStep, wideTask } from './toy-steps.js';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'anc-graphs-'));
  vi.stubEnv('ANC_CACHE_DIR', folder);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

const graphs = async (): Promise<string[]> =>
  (await readdir(folder)).includes('graphs') ? await readdir(join(folder, 'graphs')) : [];

/** The bytes of the state after three steps, by a process of its own as far as graphs are concerned. */
async function trained(options: Partial<OnnxOptions> = {}): Promise<Record<string, string>> {
  const backend = await OnnxBackend.create({ threads: 1, ...options });
  try {
    const { state } = await runToySteps(
      backend,
      toyStep({ task: wideTask, student: residualStudent(wideTask, 16) }),
      3,
    );
    const hex = (data: ArrayBufferView): string =>
      Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('hex');
    return Object.fromEntries(Object.entries(state).map(([name, { data }]) => [name, hex(data)]));
  } finally {
    await backend.dispose();
  }
}

describe('the cache of optimized graphs', () => {
  it('gives the same bytes, the first time, later, and where a file is damaged', async () => {
    const without = await trained({ graphCache: false });
    expect(await graphs()).toEqual([]);
    expect(await trained()).toEqual(without);
    const [name, ...others] = await graphs();
    expect(others).toEqual([]);
    expect(await trained()).toEqual(without);
    expect(await graphs()).toEqual([name]);
    const file = join(folder, 'graphs', name!);
    const bytes = await readFile(file);
    await writeFile(file, bytes.subarray(0, 1000));
    expect(await trained()).toEqual(without);
    expect(await readFile(file)).toHaveLength(bytes.length); // made anew
  });

  it('keeps no graph that holds weights', async () => {
    const backend = await OnnxBackend.create({ threads: 1 });
    const weights = { w: { shape: [2], data: Float32Array.of(3, 5) } };
    const f = await backend.compileFunction(
      ({ x, w }) => ({ y: tf.mul(x!, w!) }),
      { id: 'scaled', inputs: { x: { shape: [2], dtype: 'float32' } } },
      weights,
    );
    const { y } = await f.run({ x: { shape: [2], data: Float32Array.of(1, 2) } });
    expect([...y!.data]).toEqual([3, 10]);
    await backend.dispose();
    expect(await graphs()).toEqual([]);
  });
});
