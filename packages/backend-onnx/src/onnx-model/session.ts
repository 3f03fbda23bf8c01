import { isAncError, sizeOf, type AncError, type HostTensor, type Tree } from '@anc/core';
import type { EngineClient } from '../engine/client.js';
import { DERIVED } from './derived-names.js';
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

/** How many images a model takes at once. */
export interface BatchSize {
  /** This many; null: any number. */
  readonly batch: number | null;
  /** Of any number, at least this many: a model may drop the batch axis of a single image. */
  readonly least: number;
}

/**
 * Runs any number of images through a session.
 *
 * @param rank of the logits: 2 for a row of them for each image, more for several predictions per image
 * @throws `ANC_ONNX` where there is not one row of logits for each image
 */
export async function runInBatches(
  engine: EngineClient,
  session: number,
  { shape: [count = 0], data }: HostTensor,
  shape: readonly number[],
  { batch, least }: BatchSize,
  rank = 2,
): Promise<Tree<HostTensor>> {
  const call = async (bytes: Uint8Array, n: number): Promise<Tree<HostTensor>> => {
    const results: Tree<HostTensor> = await engine.call('runFunction', session, {
      [DERIVED.images]: { type: 'uint8', shape: [n, ...shape], data: bytes },
    });
    const rows = results[DERIVED.logits]?.shape ?? [];
    if (rows.length === rank && rows[0] === n) return results;
    throw onnxError('the model does not give one row of logits for each image.', {
      expected: `${n} rows for ${n} images`,
      received: `an output of the shape [${rows.join(', ')}]`,
      hint: 'export it with the batch as the first axis of input and output, open (dynamic) in both.',
    });
  };
  const bytes = data as Uint8Array;
  if (batch === null && count >= least) return await call(bytes, count);
  const each = batch ?? least;
  const size = sizeOf(shape);
  const collected: Record<string, { row: readonly number[]; rows: number; data: Float32Array }> = {};
  for (let start = 0; start < count; start += each) {
    const real = Math.min(each, count - start);
    const part = new Uint8Array(each * size);
    part.set(bytes.subarray(start * size, (start + real) * size));
    for (const [name, { shape, data }] of Object.entries(await call(part, each))) {
      const [rows = 0, ...row] = shape;
      const width = sizeOf(row);
      const all = (collected[name] ??= { row, rows, data: new Float32Array(count * width) });
      all.data.set((data as Float32Array).subarray(0, real * width), start * width);
    }
  }
  return Object.fromEntries(
    Object.entries(collected).map(([name, { row, rows, data }]) => [
      name,
      { shape: [rows === each ? count : rows, ...row], data }, // other rows: no features of the images
    ]),
  );
}
