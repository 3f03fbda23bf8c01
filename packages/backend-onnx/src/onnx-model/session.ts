import { isAncError, sizeOf, type AncError, type HostTensor, type Tree } from '@anc/core';
import type { EngineClient } from '../engine/client.js';
import { DERIVED } from './derive.js';
import { onnxError } from './proto.js';

/** A backend whose engine can run models of other programs. */
export interface EngineOwner {
  readonly engine: EngineClient;
  readonly name: string;
  readonly environment: Tree<string | number>;
}

/** Loads a model into the engine. @throws `ANC_ONNX` if ONNX Runtime cannot load it */
export async function createSession(
  engine: EngineClient,
  session: number,
  model: Uint8Array,
  shown: string,
): Promise<void> {
  try {
    await engine.createSession(session, model);
  } catch (cause) {
    throw failed(`${shown}: ONNX Runtime cannot load this model.`, cause);
  }
}

/** An error inside ONNX Runtime, without the position in its source code. */
export function failed(what: string, cause: unknown): AncError {
  const message = (isAncError(cause) || cause instanceof Error ? cause.message : String(cause)).trim();
  const tooNew = /max supported IR version|official support for domain/i.test(message);
  return onnxError(what, {
    received: message
      .replace(/^ONNX Runtime: /, '')
      .replace(/^.*?\/onnxruntime\/\S+:\d+ .*?\) (?=[A-Z])/s, '')
      .trim(),
    hint: tooNew
      ? 'the model is newer than this ONNX Runtime: export it for an older opset, e.g. opset_version=18.'
      : 'check the file with onnx.checker, and the names and sizes in the request.',
    cause,
  });
}

/** Runs any number of images through a session that takes `batch` at a time; null: any number at a time. */
export async function runInBatches(
  engine: EngineClient,
  session: number,
  { shape: [count = 0], data }: HostTensor,
  shape: readonly number[],
  batch: number | null,
): Promise<Tree<HostTensor>> {
  const call = (bytes: Uint8Array, n: number): Promise<Tree<HostTensor>> =>
    engine.call('runFunction', session, {
      [DERIVED.images]: { type: 'uint8', shape: [n, ...shape], data: bytes },
    });
  const bytes = data as Uint8Array;
  if (batch === null) return await call(bytes, count);
  const size = sizeOf(shape);
  const collected: Record<string, { width: number; data: Float32Array }> = {};
  for (let start = 0; start < count; start += batch) {
    const real = Math.min(batch, count - start);
    const part = new Uint8Array(batch * size);
    part.set(bytes.subarray(start * size, (start + real) * size));
    for (const [
      name,
      {
        shape: [, width = 1],
        data,
      },
    ] of Object.entries(await call(part, batch))) {
      const all = (collected[name] ??= { width, data: new Float32Array(count * width) });
      all.data.set((data as Float32Array).subarray(0, real * width), start * width);
    }
  }
  return Object.fromEntries(
    Object.entries(collected).map(([name, { width, data }]) => [name, { shape: [count, width], data }]),
  );
}
