import type { Graph } from '../graph/graph.js';
import { rewriteNodes } from '../graph/rewrite.js';
import { cast, reshape } from '../graph/shape-ops.js';
import type { Node, Value } from '../graph/value.js';
import { exponentsFor, Operands } from './float16/operands.js';
import { termsOf } from './float16/terms.js';
import type { GraphPass } from './pass.js';

/**
 * Convolutions and matrix products multiply float16, for engines that add such products in float32. Every operand is scaled by
 * a power of two of its own before it is rounded, and the result, which ONNX makes float16 too, by the reciprocals once it is
 * float32 again. What lies between products, weights, statistics, losses and updates stay float32.
 */
export const productsInFloat16: GraphPass = {
  name: 'products-in-float16',
  stage: 'graph',
  when: ({ products }) => products === 'float16',
  rewrite: (graph, { outputs }) =>
    rewriteNodes(graph, outputs, ({ nodes }, { current, replace }) => {
      const operands = new Operands(graph);
      const planned = nodes.flatMap((node): [Node, () => void][] => {
        const terms = termsOf(node);
        if (terms === null) return [];
        const rewrite = (): void => {
          const inputs = node.inputs.map((input) => input && current(input));
          replace(node.outputs[0]!, productOf(graph, operands, node, inputs, terms));
        };
        return [[node, rewrite]];
      });
      return new Map(planned);
    }),
};

/** The product of two operands in float16; a third input is a bias per channel, which is added in float32. */
function productOf(
  graph: Graph,
  operands: Operands,
  { op, domain, attributes, outputs }: Node,
  [a, b, bias]: readonly (Value | null)[],
  terms: number,
): Value {
  const { shape } = outputs[0]!;
  const [first, second] = exponentsFor(terms);
  const halves = [operands.half(a!, first), operands.half(b!, second)];
  const product = cast(graph, graph.op(op, halves, 'float16', shape, attributes, domain), 'float32');
  const reciprocal = operands.reciprocal([a!, first], [b!, second]);
  const value = graph.op('Mul', [product, reciprocal], 'float32', shape);
  if (!bias) return value;
  const perChannel = reshape(graph, bias, [1, shape[1]!, ...shape.slice(2).map(() => 1)]);
  return graph.op('Add', [value, perChannel], 'float32', shape);
}
