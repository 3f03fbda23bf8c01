import { sizeOf, type HostTensor, type Tree } from '@anc/core';
import type { EngineClient } from '../engine/client.js';
import { DERIVED } from './derived-names.js';
import { ELEMENT, encodeModel, graphOf, makeNode, makeValue, type ModelProto } from './proto.js';
import { prune } from './prune.js';
import { createSession } from './session.js';

/**
 * The sizes of tensors in a model that takes images, whatever their types, from a run on `count` black images: the
 * runtime knows all shapes. Changes the model.
 *
 * @throws `ANC_ONNX`, `ANC_ENGINE` if it does not run
 */
export async function measureShapes(
  engine: EngineClient,
  model: ModelProto,
  shown: string,
  names: readonly string[],
  { images, count }: { readonly images: readonly number[]; readonly count: number },
): Promise<ReadonlyMap<string, readonly number[]>> {
  const graph = graphOf(model);
  const outputOf = (i: number): string => `anc:shape-${i}`;
  for (const [i, name] of names.entries()) {
    graph.node.push(
      makeNode('Shape', [name], `${outputOf(i)}-long`),
      makeNode('Cast', [`${outputOf(i)}-long`], outputOf(i), { to: ELEMENT.int32 }),
    );
  }
  graph.output = names.map((_, i) => makeValue(outputOf(i), ELEMENT.int32));
  prune(model);
  const session = engine.handle();
  await createSession(engine, session, encodeModel(model).slice(), shown);
  try {
    const data = new Uint8Array(count * sizeOf(images));
    const outputs: Tree<HostTensor> = await engine.call('runFunction', session, {
      [DERIVED.images]: { type: 'uint8', shape: [count, ...images], data },
    });
    return new Map(names.map((name, i) => [name, Array.from(outputs[outputOf(i)]!.data, Number)]));
  } finally {
    await engine.call('releaseSession', session);
  }
}
