import { Graph, reachable } from '@anc/compiler';
import { isAncError } from '@anc/core';
import { assertPlugin } from '@anc/core/internal';
import { describe, expect, it } from 'vitest';
import type { EngineClient } from '../src/engine/client.js';
import type { EngineOptions } from '../src/engine/protocol.js';
import onnxPlugin, { OnnxBackend } from '../src/index.js';
import { acceleratorSchema, cudaSchema, onnxSchema } from '../src/options.js';
import { nodesForProcessor, openEngine } from '../src/providers.js';

describe('execution providers', () => {
  it('are separate backends', () => {
    const plugin = onnxPlugin();
    assertPlugin(plugin, 'test');
    const names = ['onnx', 'onnx:coreml', 'onnx:cuda', 'onnx:dml', 'onnx:webgpu'];
    expect(Object.keys(plugin.backends ?? {}).sort()).toEqual(names);
    expect(acceleratorSchema.safeParse({ executionProviders: ['cpu'] }).success).toBe(false);
  });

  it('multiply float16 where they add it in float32: on CUDA', async () => {
    const half = { precision: 'float16', trainingPrecision: 'float16' } as const;
    expect(cudaSchema.safeParse(half).success).toBe(true);
    expect(cudaSchema.parse({})).toMatchObject({ precision: 'float32', trainingPrecision: 'float32' });
    for (const schema of [onnxSchema, acceleratorSchema]) {
      for (const [name, value] of Object.entries(half))
        expect(schema.safeParse({ [name]: value }).success).toBe(false);
    }
    for (const [name, precision] of Object.entries(half)) {
      const options = { executionProviders: ['webgpu', 'cpu'], [name]: precision };
      await expect(OnnxBackend.create(options)).rejects.toMatchObject({
        code: 'ANC_OPTIONS',
        detail: { expected: 'the execution provider cuda, or float32', received: 'webgpu' },
      });
    }
    // What is missing is the provider: the precision suits it.
    const onCuda = { ...half, runtime: 'web' as const, executionProviders: ['cuda', 'cpu'] };
    await expect(OnnxBackend.create(onCuda)).rejects.toMatchObject({ code: 'ANC_BACKEND_MISSING' });
  });

  it('are refused if this ONNX Runtime lacks them: nothing else computes instead', async () => {
    for (const options of [{}, { runtime: 'web' }] as const) {
      const error: unknown = await OnnxBackend.create({
        ...options,
        executionProviders: ['abacus', 'cpu'],
      }).catch((thrown: unknown) => thrown);
      if (!isAncError(error)) throw new Error('nothing was thrown', { cause: error });
      expect(error.code).toBe('ANC_BACKEND_MISSING');
      expect(error.message).toContain('"onnx:abacus"');
      expect(error.detail.hint).toMatch(/use onnx|doctor --fix|has no build for/);
    }
  });

  it('are missing if ONNX Runtime itself cannot be loaded', async () => {
    const engine = {
      call: () => Promise.reject(new Error("ONNX Runtime: Cannot find module './x.node'\nRequire stack: …")),
      close: () => Promise.resolve(),
    } as unknown as EngineClient;
    const error: unknown = await openEngine(engine, { runtime: 'node' } as EngineOptions).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toMatchObject({
      code: 'ANC_BACKEND_MISSING',
      message: 'backend "onnx": onnxruntime-node cannot be loaded.',
      detail: {
        received: "Cannot find module './x.node'",
        hint: expect.stringMatching(/doctor --fix|has no build for/) as string,
      },
    });
  });

  it('do not get the nodes that WebGPU fails on', () => {
    const graph = new Graph();
    const x = graph.input('x', 'float32', [1, 1, 4, 4]);
    const pool = () =>
      graph.node(
        'MaxPool',
        [x],
        [
          { type: 'float32', shape: [1, 1, 2, 2] },
          { type: 'int64', shape: [1, 1, 2, 2] },
        ],
        { kernel_shape: [2, 2], strides: [2, 2] },
      );
    const [maxima, positions] = pool();
    expect(nodesForProcessor(reachable(graph, [maxima!]))).toEqual([]);
    const found = graph.op('Cast', [positions!], 'float32', [1, 1, 2, 2], { to: 1 });
    expect(nodesForProcessor(reachable(graph, [found]))).toEqual([`MaxPool_${maxima!.id}`]);
  });

  it('describe themselves', async () => {
    const backend = await OnnxBackend.create();
    expect(backend.name).toBe('onnx');
    expect(backend.environment.device).toContain('threads');
    expect(backend.environment.notice).toBe(undefined);
    await backend.dispose();
  });
});
