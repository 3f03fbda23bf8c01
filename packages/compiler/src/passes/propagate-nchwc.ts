import { sameShape } from '../graph/graph.js';
import { toNchwc } from '../graph/nchwc.js';
import { rewriteNodes } from '../graph/rewrite.js';
import { madeBy, type Node, type Value } from '../graph/value.js';
import type { NchwcContext } from './nchwc/context.js';
import { nchwcRules } from './nchwc/rules.js';
import type { GraphPass } from './pass.js';

/**
 * NCHWc layout propagation: values keep this layout from one convolution to the next. What is computed element by
 * element, channel by channel or summed over planes is computed in it, and ways out of it that lead back in vanish.
 */
export const propagateNchwc: GraphPass = {
  name: 'propagate-nchwc',
  stage: 'graph',
  when: ({ kind, channelBlock }) => kind === 'step' && channelBlock !== null,
  rewrite: (graph, { outputs, target }) =>
    rewriteNodes(graph, outputs, (view, { current, replace, rebuild }) => {
      const reordered = new Map<Value, Value>();
      const blocked = (value: Value): Value | null =>
        reorderOutput(value)?.inputs[0] ?? reordered.get(value) ?? null;
      const reorder = (value: Value): Value => {
        const known = blocked(value);
        if (known !== null) return known;
        const made = toNchwc(graph, value);
        reordered.set(value, made);
        return made;
      };
      const block = target.channelBlock!;
      const context: NchwcContext = { ...view, graph, block, current, blocked, reorder };
      const planned = view.nodes.flatMap((node): [Node, () => void][] => {
        const rule = nchwcRules[node.op];
        if (rule === undefined) return [];
        return [
          [
            node,
            () => {
              const value = rule(node, context);
              if (value === null) rebuild(node);
              else replace(node.outputs[0]!, value);
            },
          ],
        ];
      });
      return new Map(planned);
    }),
};

/** The node that takes a value, with all its channels, out of NCHWc layout into [B, C, H, W]. */
function reorderOutput(value: Value): Node | null {
  const node = madeBy(value, 'ReorderOutput');
  const isWhole = node !== null && sameShape(node.inputs[0]!.shape, value.shape);
  return isWhole && node.attributes['channels_last'] === 0 ? node : null;
}
