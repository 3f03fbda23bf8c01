import type { EngineClient } from '../engine/client.js';
import { measureShapes } from './measure-shapes.js';
import { operationsOf, type ShapeOf } from './operations.js';
import { GraphValues, subgraphsOf } from './graph-values.js';
import { decodeModel, graphOf, type NodeProto } from './proto.js';

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
  const functions = new Map(
    model.functions.map(({ domain, name, node }) => [calledBy(domain, name), node ?? []]),
  );
  const products = graphOf(model).node.filter(
    (node) =>
      node.output?.[0]?.startsWith('anc:') !== true &&
      multiplies(node, functions) &&
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

/**
 * Whether a node multiplies by itself, in its subgraphs, or in the functions that it calls. A function is looked at once,
 * since each may call others many times.
 */
function multiplies(node: NodeProto, functions: ReadonlyMap<string, readonly NodeProto[]>): boolean {
  const called = new Set<string>();
  const waiting = [node];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const key = calledBy(next.domain, next.opType);
    const body = functions.get(key) ?? [];
    const inner = subgraphsOf(next).flatMap(({ node: nodes }) => nodes ?? []);
    if (body.length + inner.length === 0 && MULTIPLYING.test(next.opType ?? '')) return true;
    for (const one of inner) waiting.push(one);
    if (called.has(key)) continue;
    called.add(key);
    for (const one of body) waiting.push(one);
  }
  return false;
}

const calledBy = (domain: string | null | undefined, name: string | null | undefined): string =>
  JSON.stringify([domain ?? '', name ?? '']);
