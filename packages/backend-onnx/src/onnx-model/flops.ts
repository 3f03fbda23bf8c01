import { sizeOf, type HostTensor, type Tree } from '@anc/core';
import type { EngineClient } from '../engine/client.js';
import { DERIVED } from './derive.js';
import { decodeModel, ELEMENT, encodeModel, graphOf, makeValue } from './proto.js';
import { createSession } from './session.js';

const COUNTED = new Set(['Conv', 'Gemm', 'MatMul']);

/**
 * 2 × multiply-adds + bias additions of a derived model's products with weights, for one image: the same count as for
 * our own networks. Runs the model once with every product as an output, because the runtime knows all shapes.
 */
export async function countFlops(
  engine: EngineClient,
  derived: Uint8Array,
  shown: string,
  images: readonly number[],
  batch: number,
): Promise<number> {
  const model = decodeModel(derived, shown);
  const graph = graphOf(model);
  const dims = new Map(graph.initializer.map(({ name, dims }) => [name ?? '', (dims ?? []).map(Number)]));
  const products = graph.node.flatMap(({ opType, input, output, attribute }) => {
    const weights = dims.get(input?.[1] ?? '');
    if (!COUNTED.has(opType ?? '') || weights === undefined) return [];
    const [biased, name] = [(input?.[2] ?? '') !== '', output![0]!];
    const transposed = attribute?.some(({ name, i }) => name === 'transB' && Number(i) === 1) === true;
    return [{ name, biased, depth: depthOf(opType!, weights, transposed) }];
  });
  graph.output = products.map(({ name }) => makeValue(name, ELEMENT.float32));
  const session = engine.handle();
  await createSession(engine, session, encodeModel(model).slice(), shown);
  try {
    const data = new Uint8Array(batch * sizeOf(images));
    const outputs: Tree<HostTensor> = await engine.call('runFunction', session, {
      [DERIVED.images]: { type: 'uint8', shape: [batch, ...images], data },
    });
    return products.reduce((sum, { name, depth, biased }) => {
      const size = sizeOf(outputs[name]!.shape) / batch;
      return sum + size * (2 * depth + (biased ? 1 : 0));
    }, 0);
  } finally {
    await engine.call('releaseSession', session);
  }
}

/** Multiply-adds per element of the output. */
function depthOf(op: string, weights: readonly number[], transposed: boolean): number {
  if (op === 'Conv') return sizeOf(weights.slice(1));
  return weights.at(op === 'Gemm' && transposed ? -1 : -2)!;
}
