import { Graph, type Node, type Value } from '@anc/compiler';
import { AncError } from '@anc/core';
import { installable } from '@anc/core/internal';
import type { EngineClient } from './engine/client.js';
import type { EngineInfo, EngineOptions } from './engine/protocol.js';
import { serialize } from './serialize/serialize.js';
import { NATIVE, nativeRemedy } from './engine/native-package.js';
import { providers, type Provider } from './provider-list.js';

const webRemedy = 'use a browser that has WebGPU, on https or localhost, or use onnx.';

const isBrowser = typeof process === 'undefined';

/**
 * Starts the engine.
 *
 * @throws `ANC_BACKEND_MISSING` if no ONNX Runtime, or not the requested one, can be loaded
 */
export async function openEngine(engine: EngineClient, options: EngineOptions): Promise<EngineInfo> {
  try {
    return await engine.call('open', options);
  } catch (cause) {
    await engine.close();
    const native = options.runtime === 'node';
    const name = native ? NATIVE.name : 'onnxruntime-web';
    const install = installable(NATIVE);
    throw new AncError('ANC_BACKEND_MISSING', `backend "onnx": ${name} cannot be loaded.`, {
      received: firstLine(cause),
      hint: isBrowser
        ? "serve the bundler's output, including the .wasm files, beside the page's scripts."
        : native
          ? nativeRemedy()
          : `npm install --force ${name}@${NATIVE.version}`,
      ...(native && install !== null ? { install } : {}),
      cause,
    });
  }
}

/**
 * Makes sure that a provider computes, because ONNX Runtime itself would silently go on without it.
 *
 * @throws `ANC_BACKEND_MISSING` if this build does not have it, `ANC_BACKEND_DEVICE` if it does not start
 */
export async function assertProvider(engine: EngineClient, name: string, info: EngineInfo): Promise<void> {
  const known: Readonly<Record<string, Provider>> = providers;
  const { remedy } = known[name] ?? { remedy: 'use onnx.' };
  const backend = `backend "onnx:${name}"`;
  if (!info.available.includes(name)) {
    throw new AncError(
      'ANC_BACKEND_MISSING',
      `${backend}: this ONNX Runtime has no execution provider "${name}".`,
      {
        expected: `one of ${info.available.join(', ')}`,
        hint: info.runtime !== 'onnxruntime-web' ? remedy : isBrowser ? webRemedy : nativeRemedy(),
      },
    );
  }
  const graph = new Graph();
  const x = graph.input('x', 'float32', [2, 2]);
  const y = graph.op('MatMul', [x, x], 'float32', [2, 2], {});
  const session = engine.handle();
  try {
    await engine.createSession(session, serialize(graph, [{ name: 'y', value: y }]));
    const data = Float32Array.of(1, 2, 3, 4);
    await engine.call('runFunction', session, { x: { type: 'float32', shape: [2, 2], data } });
    await engine.call('releaseSession', session);
  } catch (error) {
    throw new AncError(
      'ANC_BACKEND_DEVICE',
      `${backend}: ONNX Runtime's execution provider "${name}" does not start here.`,
      { received: firstLine(error), hint: remedy, cause: error },
    );
  }
}

function firstLine(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const line = message
    .trim()
    .split('\n')[0]!
    .replace(/^ONNX Runtime: /, '')
    .replace(/^.* was false\. /, ''); // the failed condition in ONNX Runtime's source
  return line.length > 300 ? `${line.slice(0, 300)}…` : line;
}

/**
 * Names of the nodes that the WebGPU provider accepts and then fails on, which the processor must compute: max-pooling
 * whose positions are used.
 */
export const nodesForProcessor = (nodes: readonly Node[]): string[] => {
  const used = new Set(nodes.flatMap((node): readonly (Value | null)[] => node.inputs));
  return nodes.flatMap((node) =>
    node.op === 'MaxPool' && node.outputs[1] !== undefined && used.has(node.outputs[1])
      ? [`${node.op}_${node.outputs[0]!.id}`]
      : [],
  );
};
