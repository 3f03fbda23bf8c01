import type { Graph } from '../graph.js';
import { rewrite } from '../rewrite.js';
import type { NamedValue } from '../serialize.js';
import { madeBy, type Node, type Value } from '../value.js';
import type { InBlocks } from './in-blocks.js';
import { toBlocks } from './operations.js';
import { BLOCK_RULES } from './rules.js';

/**
 * Keeps values in blocks of channels from one convolution to the next: what is computed element by element, channel by
 * channel or summed over planes is computed in blocks, and ways out of blocks that lead back into them vanish.
 */
export const propagateNchwcLayout = (
  graph: Graph,
  outputs: readonly NamedValue[],
  block: number,
): readonly NamedValue[] =>
  rewrite(graph, outputs, (view, substitution) => {
    const made = new Map<Value, Value>();
    const of = (value: Value): Value | null => wayOut(value)?.inputs[0] ?? made.get(value) ?? null;
    const to = (value: Value): Value => {
      const known = of(value);
      if (known !== null) return known;
      const blocks = toBlocks(graph, value);
      made.set(value, blocks);
      return blocks;
    };
    const inBlocks: InBlocks = { ...view, graph, block, now: substitution.now, of, to };
    const written = view.nodes.flatMap((node): [Node, () => void][] => {
      const rule = BLOCK_RULES[node.op];
      if (rule === undefined) return [];
      return [
        [
          node,
          () => {
            const value = rule(node, inBlocks);
            if (value === null) substitution.copy(node);
            else substitution.put(node.outputs[0]!, value);
          },
        ],
      ];
    });
    return new Map(written);
  });

/** The node that takes a value out of blocks into [B, C, H, W]. */
function wayOut(value: Value): Node | null {
  const node = madeBy(value, 'ReorderOutput');
  return node?.attributes['channels_last'] === 0 ? node : null;
}
