import { inputsOf, subgraphsOf } from './graph-values.js';
import { ELEMENT, graphOf, type ModelProto, type NodeProto, type TensorProto } from './proto.js';

const BFLOAT16 = 16;
const FLOATS: ReadonlySet<number> = new Set([ELEMENT.float32, ELEMENT.float16, ELEMENT.float64, BFLOAT16]);
const isOwn = (name: string | null | undefined): boolean => name?.startsWith('anc:') === true;

/**
 * Numbers in a model's tensors, and in constants of several floats among its nodes, its subgraphs and functions. Null
 * where there are none: then the weights are somewhere else.
 */
export function countParameters(model: ModelProto): number | null {
  const graph = graphOf(model);
  const bodies = model.functions.flatMap(({ node }) => node ?? []);
  const nodes = [...graph.node, ...bodies];
  const count = sum(tensorsOf(graph.initializer)) + sum(nodes.map(constantsOf));
  return count === 0 && nodes.some((node) => !isOwn(node.name) && inputsOf(node).length > 0) ? null : count;
}

const sum = (counts: readonly number[]): number => counts.reduce((a, b) => a + b, 0);

const tensorsOf = (tensors: readonly TensorProto[]): number[] =>
  tensors.filter(({ name }) => !isOwn(name)).map(sizeOf);

const sizeOf = ({ dims }: Pick<TensorProto, 'dims'>): number =>
  (dims ?? []).reduce<number>((product, size) => product * Number(size), 1);

/** Numbers in a `Constant` node, and in the subgraphs of another one. */
function constantsOf(node: NodeProto): number {
  const inner = subgraphsOf(node).map(
    ({ initializer, node: nodes }) => sum(tensorsOf(initializer ?? [])) + sum((nodes ?? []).map(constantsOf)),
  );
  if (node.opType !== 'Constant') return sum(inner);
  const own = (node.attribute ?? []).map(({ name, t, floats }) =>
    name === 'value' && t && FLOATS.has(t.dataType ?? 0)
      ? sizeOf(t)
      : name === 'value_floats'
        ? (floats?.length ?? 0)
        : 0,
  );
  return sum(own.filter((size) => size > 1)); // not the epsilon of a normalization
}
