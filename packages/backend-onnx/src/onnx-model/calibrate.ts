import type { HostTensor, Tree } from '@anc/core';
import { quantizedTensors, quantizeModel, withOutputs, type Range } from './quantize.js';
import { createSession, type EngineOwner } from './session.js';

/** One batch: the model's inputs by name. */
export type Feeds = Tree<HostTensor>;

const typeOf = ({ data }: HostTensor) =>
  data instanceof Float32Array ? 'float32' : data instanceof Int32Array ? 'int32' : 'uint8';

/**
 * Quantizes an exported model to 8 bits: runs it on `batches` to measure the range of every tensor that is to take 8
 * bits, then rewrites it.
 *
 * @throws `ANC_ONNX` if the model does not run
 */
export async function quantizeOnnx(
  backend: Pick<EngineOwner, 'engine'>,
  bytes: Uint8Array,
  batches: AsyncIterable<Feeds> | Iterable<Feeds>,
): Promise<Uint8Array> {
  const { engine } = backend;
  const names = quantizedTensors(bytes);
  const ranges = new Map<string, Range>();
  const widen = (name: string, { data }: HostTensor): void => {
    let [least, most] = ranges.get(name) ?? [Infinity, -Infinity];
    for (const value of data) {
      if (value < least) least = value;
      if (value > most) most = value;
    }
    ranges.set(name, [least, most]);
  };
  const session = engine.handle();
  await createSession(engine, session, withOutputs(bytes, names), 'the exported model');
  try {
    for await (const feeds of batches) {
      const tensors = Object.entries(feeds).map(
        ([name, host]) => [name, { ...host, type: typeOf(host) }] as const,
      );
      const results: Tree<HostTensor> = await engine.call(
        'runFunction',
        session,
        Object.fromEntries(tensors),
      );
      for (const name of names) widen(name, (results[name] ?? feeds[name])!);
    }
  } finally {
    await engine.call('releaseSession', session);
  }
  return quantizeModel(bytes, ranges);
}
