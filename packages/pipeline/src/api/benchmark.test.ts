import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mergeTrees, prefixTree, Rng } from '@anc/core';
import { encodeSafetensors } from '@anc/formats';
import { cnn } from '@anc/models';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Corners } from '../../test/tiny-plugins.js';
import { benchmark } from './benchmark.js';

let cwd: string;
beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'anc-benchmark-'));
  const options = { widths: [16], features: 32 };
  const input = [8, 8, 1] as const;
  const { params, stats } = cnn(options, { classes: 4 }).init(Rng.fromSeed(1), input);
  const tensors = mergeTrees(prefixTree('params', params), prefixTree('stats', stats));
  const metadata = {
    model: 'cnn',
    modelOptions: JSON.stringify(options),
    input: JSON.stringify(input),
    classes: '4',
  };
  await writeFile(join(cwd, 'model.safetensors'), encodeSafetensors(tensors, metadata));
});
afterAll(() => rm(cwd, { recursive: true, force: true }));

describe('benchmark', () => {
  it('measures a file with every precision, and on backends without them as it is', async () => {
    const result = await benchmark('model.safetensors', {
      cwd,
      images: new Corners(),
      backends: ['onnx', 'tfjs:cpu'],
      batchSizes: [1, 4],
      seconds: 0.01,
      memory: false,
    });
    expect(result).toMatchObject({ dataset: 'value:corners', images: 20, batchSizes: [1, 4] });
    expect(result.rows.map(({ model, precision, backend }) => [model, precision, backend])).toEqual([
      ['model.safetensors', 'float32', 'onnx'],
      ['model.safetensors', 'float16', 'onnx'],
      ['model.safetensors', 'int8', 'onnx'],
      ['model.safetensors', 'float32', 'tfjs:cpu'],
    ]);
    const [float, half, int8, other] = result.rows;
    expect([float!.agreement, other!.agreement]).toEqual([null, 1]);
    expect(half!.agreement).toBeGreaterThan(0.8);
    expect(int8!.agreement).toBeGreaterThan(0.5);
    expect(half!.bytes).toBeLessThan(float!.bytes);
    for (const { batches, parameters } of result.rows) {
      expect(parameters).toBe(float!.parameters);
      expect(batches.map(({ size }) => size)).toEqual([1, 4]);
      for (const { p50, p95, rounds } of batches) {
        expect(p95).toBeGreaterThanOrEqual(p50);
        expect(rounds).toBeGreaterThanOrEqual(7);
      }
    }
  });

  it('predicts noise where there are no images, and measures memory in another process', async () => {
    const { rows, dataset, images } = await benchmark('model.safetensors', {
      cwd,
      batchSizes: [1],
      precisions: ['float32'],
      seconds: 0.01,
    });
    expect([dataset, images, rows.length, rows[0]!.agreement]).toEqual([null, 0, 1, null]);
    expect(rows[0]!.memory).toBeGreaterThanOrEqual(rows[0]!.bytes);
  });

  it.each([
    ['batchSizes', { batchSizes: [0] }],
    ['precisions', { precisions: ['int8'] as const }],
    ['seconds', { seconds: 0 }],
    ['backends', { backends: [] }],
  ])('refuses %s that make no sense', async (name, options) => {
    const work = benchmark('model.safetensors', { cwd, ...options });
    await expect(work).rejects.toMatchObject({ code: 'ANC_CONFIG', detail: { path: [name] } });
  });

  it('refuses models and backends that are not there', async () => {
    await expect(benchmark('none.onnx', { cwd })).rejects.toMatchObject({ code: 'ANC_FILE' });
    await expect(benchmark('model.safetensors', { cwd, backends: ['onx'] })).rejects.toMatchObject({
      code: 'ANC_UNKNOWN',
    });
  });
});
