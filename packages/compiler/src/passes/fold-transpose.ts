import { rewriteNodes } from '../graph/rewrite.js';
import { madeBy, type Node, type Value } from '../graph/value.js';
import type { GraphPass } from './pass.js';

/** The matrices that `value` transposes; null where it is no transposition of the last two axes alone. */
function transposedBy(value: Value): Value | null {
  const node = madeBy(value, 'Transpose');
  if (node === null) return null;
  const order = node.attributes['perm'] as readonly number[];
  const rank = order.length;
  const swapsLast = order.every((axis, i) => axis === (i < rank - 2 ? i : 2 * rank - 3 - i));
  return swapsLast ? node.inputs[0]! : null;
}

const hasTransposed = ({ op, inputs }: Node): boolean =>
  (op === 'MatMul' || op === 'FusedMatMul') && inputs.some((x) => transposedBy(x!) !== null);

/** A product reads transposed matrices where they lie: what transposed them is not written. */
export const foldTranspose: GraphPass = {
  name: 'fold-transpose',
  stage: 'graph',
  when: ({ kind, portable, accelerated }) => kind === 'step' && !portable && !accelerated,
  rewrite: (graph, { outputs }) =>
    rewriteNodes(graph, outputs, ({ nodes }, { current, replace }) => {
      const fold = ({ inputs, attributes, outputs: [y] }: Node): void => {
        const factors = inputs.map((x) => current(transposedBy(x!) ?? x!));
        const [transA, transB] = ['transA', 'transB'].map((name, i) =>
          Number((attributes[name] === 1) !== (transposedBy(inputs[i]!) !== null)),
        ) as [number, number];
        const all = { ...attributes, transA, transB };
        replace(y!, graph.op('FusedMatMul', factors, 'float32', y!.shape, all, 'com.microsoft'));
      };
      return new Map(nodes.filter(hasTransposed).map((node) => [node, () => fold(node)]));
    }),
};
