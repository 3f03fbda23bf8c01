import type { EngineClient } from '../engine/client.js';
import { measureShapes } from './measure-shapes.js';
import { operationsOf, type ShapeOf } from './operations.js';
import { GraphValues, subgraphsOf } from './graph-values.js';
import { decodeModel, graphOf, type ModelProto, type NodeProto } from './proto.js';

/** Operators of which nothing is known but that they multiply. */
const MULTIPLYING = /conv|gemm|matmul|attention|lstm|gru|rnn|einsum|classifier|regressor|^moe|correlat/i;

/**
 * 2 × multiply-adds + bias additions of a derived model's products, for one image: the same count as for our own
 * networks. Null where some are not counted: in a loop or a branch, in a function of the model, of an unknown operator,
 * or where the model does not run so.
 */
export async function countFlops(
  engine: EngineClient,
  derived: Uint8Array,
  shown: string,
  images: readonly number[],
  batch: number,
): Promise<number | null> {
  const model = decodeModel(derived, shown);
  const values = new GraphValues(model);
  const products = graphOf(model).node.filter(
    (node) =>
      node.output?.[0]?.startsWith('anc:') !== true &&
      multiplies(node, model) &&
      !values.isConstant(node.output?.[0] ?? ''),
  );
  if (products.length === 0) return 0;
  const names = [...new Set(products.flatMap(({ input, output }) => [...(input ?? []), output?.[0] ?? '']))];
  const shapes = await measureShapes(
    engine,
    model,
    shown,
    names.filter((name) => name !== ''),
    { images, count: batch },
  ).catch(() => null);
  if (shapes === null) return null;
  const shapeOf: ShapeOf = (name) => shapes.get(name ?? '') ?? null;
  const counts = products.map((node) => operationsOf(node, shapeOf));
  if (counts.some((count) => count === null || !Number.isFinite(count))) return null;
  return counts.reduce<number>((sum, count) => sum + count!, 0) / batch;
}

/** Whether a node multiplies by itself, in its subgraphs, or in the function that it calls. */
function multiplies(node: NodeProto, model: ModelProto, depth = 0): boolean {
  if (depth > 20) return true;
  const body = model.functions.find(
    ({ name, domain }) => name === node.opType && (domain ?? '') === (node.domain ?? ''),
  )?.node;
  const inner = [
    ...(body ?? []),
    ...subgraphsOf(node).flatMap(({ node: nodes }) => nodes ?? []),
  ] as NodeProto[];
  if (inner.length > 0) return inner.some((one) => multiplies(one, model, depth + 1));
  return MULTIPLYING.test(node.opType ?? '');
}
