import type { HostTensor, Tree } from '@anc/core';
import { quantizedTensors, quantizeModel, withOutputs, type Range } from './quantize.js';
import { createSession, type EngineOwner } from './session.js';

/** What is fed at a time: the model's inputs by name. */
export type Feeds = Tree<HostTensor>;

const typeOf = ({ data }: HostTensor) =>
  data instanceof Float32Array ? 'float32' : data instanceof Int32Array ? 'int32' : 'uint8';

/**
 * Quantises a model of ours to 8 bits: runs it on `batches`, notes the range of every tensor that is to take 8 bits,
 * and writes it down anew. Throws `ANC_ONNX` where it does not run.
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
      const wires = Object.entries(feeds).map(
        ([name, host]) => [name, { ...host, type: typeOf(host) }] as const,
      );
      const found: Tree<HostTensor> = await engine.call('runFunction', session, Object.fromEntries(wires));
      for (const name of names) widen(name, (found[name] ?? feeds[name])!);
    }
  } finally {
    await engine.call('releaseSession', session);
  }
  return quantizeModel(bytes, ranges);
}
