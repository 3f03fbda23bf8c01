import type { Graph } from '../graph/graph.js';
import { NCHWC_DOMAIN } from '../graph/nchwc.js';
import { rewriteNodes, type GraphView, type Substitution } from '../graph/rewrite.js';
import { concat, reshape, slice, transpose } from '../graph/shape-ops.js';
import { madeBy, type Node, type Value } from '../graph/value.js';
import { maximumOf, phaseGradients, tilesPlane } from './first-maximum.js';
import type { GraphPass } from './pass.js';

const [TO_LAST, TO_FIRST] = [
  [0, 2, 3, 1],
  [0, 3, 1, 2],
];

/**
 * Computes a max-pool that is differentiated from one tensor per place in its windows, channels last, where each place
 * is cut out in whole rows of channels: their maximum is the pool, and comparing each with it sends the gradient to the
 * first maximum. This avoids the positions, which ONNX Runtime finds pixel by pixel and accelerators not at all.
 */
export const poolChannelsLast: GraphPass = {
  name: 'pool-channels-last',
  stage: 'graph',
  when: ({ kind }) => kind === 'step',
  rewrite: (graph, { outputs }) =>
    rewriteNodes(graph, outputs, (view, substitution) => {
      const pools = view.nodes.filter((node) => tilesPlane(node) && onlyUnpooled(node, view));
      return new Map(pools.flatMap((pool) => [...byPlaces(graph, pool, view, substitution)]));
    }),
};

/** Whether the positions serve gradients and nothing else. */
function onlyUnpooled({ outputs }: Node, { users, kept }: GraphView): boolean {
  const readers = users.get(outputs[1]!) ?? [];
  return readers.length > 0 && !kept.has(outputs[1]!) && readers.every(({ op }) => op === 'MaxUnpool');
}

function byPlaces(
  graph: Graph,
  pool: Node,
  { users }: GraphView,
  { current, replace }: Substitution,
): Map<Node, () => void> {
  const [maxima, positions] = pool.outputs as [Value, Value];
  const [kh, kw] = pool.attributes['kernel_shape'] as [number, number];
  const [batch, channels, height, width] = maxima.shape as [number, number, number, number];
  const whole = [batch, kh * height, kw * width, channels];
  const places = Array.from({ length: kh * kw }, (_, at) => [Math.floor(at / kw), at % kw] as const);

  const phases = (): Value[] => {
    const last = reshape(graph, channelsLast(graph, current(pool.inputs[0]!)), [
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
  /** The gradient [B, H, W, C]: that of each place in its place. */
  const spread = (dy: Value): Value => {
    const cells = phaseGradients(graph, phases(), top(), transpose(graph, dy, TO_LAST)).map((gradient) =>
      reshape(graph, gradient, [batch * height, 1, width, 1, channels]),
    );
    const rows = Array.from({ length: kh }, (_, row) =>
      concat(graph, cells.slice(row * kw, (row + 1) * kw), 3),
    );
    return reshape(graph, concat(graph, rows, 1), whole);
  };

  const planned = new Map<Node, () => void>([
    [pool, () => replace(maxima, transpose(graph, top(), TO_FIRST))],
  ]);
  for (const unpool of users.get(positions)!) {
    const gradient = unpool.outputs[0]!;
    const dy = (): Value => current(unpool.inputs[0]!);
    planned.set(unpool, () => replace(gradient, transpose(graph, spread(dy()), TO_FIRST)));
    for (const reader of users.get(gradient) ?? []) {
      const output = reader.outputs[0]!;
      if (reader.op === 'ReorderInput') {
        const attributes = { channels_last: 1 };
        planned.set(reader, () =>
          replace(
            output,
            graph.op('ReorderInput', [spread(dy())], 'float32', output.shape, attributes, NCHWC_DOMAIN),
          ),
        );
      }
      // Spreading moves numbers and adds zeros: sums over the planes stay.
      if (reader.op === 'ReduceSum' && output.shape.slice(-2).every((n) => n === 1)) {
        const { attributes } = reader;
        planned.set(reader, () =>
          replace(
            output,
            graph.op('ReduceSum', [dy(), reader.inputs[1]!], 'float32', output.shape, attributes),
          ),
        );
      }
    }
  }
  return planned;
}

/** [B, C, H, W] as [B, H, W, C]; out of NCHWc layout in one pass. */
function channelsLast(graph: Graph, x: Value): Value {
  const [batch, channels, height, width] = x.shape as [number, number, number, number];
  const blocked = madeBy(x, 'ReorderOutput')?.inputs[0];
  if (!blocked) return transpose(graph, x, TO_LAST);
  const attributes = { channels, channels_last: 1 };
  const shape = [batch, height, width, channels];
  return graph.op('ReorderOutput', [blocked], 'float32', shape, attributes, NCHWC_DOMAIN);
}
