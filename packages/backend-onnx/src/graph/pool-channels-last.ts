import { maximumOf, slopesOf, tilesPlane } from './first-maximum.js';
import { BLOCKS } from './blocks/operations.js';
import type { Graph } from './graph.js';
import { rewrite, type Substitution, type View } from './rewrite.js';
import type { NamedValue } from './serialize.js';
import { concat, reshape, slice, transpose } from './shape-ops.js';
import { madeBy, type Node, type Value } from './value.js';

const [TO_LAST, TO_FIRST] = [
  [0, 2, 3, 1],
  [0, 3, 1, 2],
];

/**
 * Computes a max-pool that is differentiated from the places of its windows as tensors of their own, channels last,
 * where each place is cut out in whole rows of channels: their maximum is the pool, comparing finds where the gradient
 * goes. Positions, which ONNX Runtime finds pixel by pixel and accelerators not at all, need not be known.
 */
export const poolChannelsLast = (graph: Graph, outputs: readonly NamedValue[]): readonly NamedValue[] =>
  rewrite(graph, outputs, (view, substitution) => {
    const pools = view.nodes.filter((node) => tilesPlane(node) && onlyUnpooled(node, view));
    return new Map(pools.flatMap((pool) => [...inPlaces(graph, pool, view, substitution)]));
  });

/** Whether the positions serve gradients and nothing else. */
function onlyUnpooled({ outputs }: Node, { users, kept }: View): boolean {
  const readers = users.get(outputs[1]!) ?? [];
  return readers.length > 0 && !kept.has(outputs[1]!) && readers.every(({ op }) => op === 'MaxUnpool');
}

function inPlaces(
  graph: Graph,
  pool: Node,
  { users }: View,
  substitution: Substitution,
): Map<Node, () => void> {
  const { now } = substitution;
  const [maxima, positions] = pool.outputs as [Value, Value];
  const [kh, kw] = pool.attributes['kernel_shape'] as [number, number];
  const [batch, channels, height, width] = maxima.shape as [number, number, number, number];
  const whole = [batch, kh * height, kw * width, channels];
  const places = Array.from({ length: kh * kw }, (_, at) => [Math.floor(at / kw), at % kw] as const);

  const phases = (): Value[] => {
    const last = reshape(graph, channelsLast(graph, now(pool.inputs[0]!)), [
      batch * height,
      kh,
      width,
      kw,
      channels,
    ]);
    return places.map(([row, column]) => {
      const part = slice(graph, last, [
        { axis: 1, begin: row, end: row + 1, step: 1 },
        { axis: 3, begin: column, end: column + 1, step: 1 },
      ]);
      return reshape(graph, part, [batch, height, width, channels]);
    });
  };
  const top = (): Value => maximumOf(graph, phases());
  /** The gradient, [B, H, W, C]: the places' slopes in their places. */
  const spread = (dy: Value): Value => {
    const cells = slopesOf(graph, phases(), top(), transpose(graph, dy, TO_LAST)).map((slope) =>
      reshape(graph, slope, [batch * height, 1, width, 1, channels]),
    );
    const rows = Array.from({ length: kh }, (_, row) =>
      concat(graph, cells.slice(row * kw, (row + 1) * kw), 3),
    );
    return reshape(graph, concat(graph, rows, 1), whole);
  };

  const write = new Map<Node, () => void>([
    [pool, () => substitution.put(maxima, transpose(graph, top(), TO_FIRST))],
  ]);
  for (const unpool of users.get(positions)!) {
    const gradient = unpool.outputs[0]!;
    const dy = (): Value => now(unpool.inputs[0]!);
    write.set(unpool, () => substitution.put(gradient, transpose(graph, spread(dy()), TO_FIRST)));
    for (const reader of users.get(gradient) ?? []) {
      const output = reader.outputs[0]!;
      if (reader.op === 'ReorderInput') {
        const attributes = { channels_last: 1 };
        write.set(reader, () =>
          substitution.put(
            output,
            graph.op('ReorderInput', [spread(dy())], 'float32', output.shape, attributes, BLOCKS),
          ),
        );
      }
      // Spreading moves numbers and adds zeros: sums over the planes stay.
      if (reader.op === 'ReduceSum' && output.shape.slice(-2).every((n) => n === 1)) {
        const { attributes } = reader;
        write.set(reader, () =>
          substitution.put(
            output,
            graph.op('ReduceSum', [dy(), reader.inputs[1]!], 'float32', output.shape, attributes),
          ),
        );
      }
    }
  }
  return write;
}

/** [B, C, H, W] as [B, H, W, C]; out of blocks of channels in one pass. */
function channelsLast(graph: Graph, x: Value): Value {
  const [batch, channels, height, width] = x.shape as [number, number, number, number];
  const blocks = madeBy(x, 'ReorderOutput')?.inputs[0];
  if (!blocks) return transpose(graph, x, TO_LAST);
  const attributes = { channels, channels_last: 1 };
  return graph.op('ReorderOutput', [blocks], 'float32', [batch, height, width, channels], attributes, BLOCKS);
}
