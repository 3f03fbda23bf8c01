import { allEqual, numbersIn } from '../graph/attributes.js';
import { sameShape, type Graph } from '../graph/graph.js';
import { im2colProducts } from '../graph/im2col.js';
import { rewriteNodes, type GraphView, type Substitution } from '../graph/rewrite.js';
import { pad, slice } from '../graph/shape-ops.js';
import { madeBy, type Node, type Value } from '../graph/value.js';
import { maximumOf, phaseGradients, tilesPlane } from './first-maximum.js';
import type { GraphPass } from './pass.js';

/**
 * A convolution of few channels that only a max-pool reads, and everything that reads the pool's positions.
 * Positions cost ONNX Runtime six times the pool itself; here they need not be known.
 */
interface PooledConvolution {
  readonly conv: Node;
  readonly pool: Node;
  readonly unpools: readonly Unpooled[];
}

/** The pool's gradient, and what is made of it: its products with the image's columns, and its sums over the planes. */
interface Unpooled {
  readonly node: Node;
  readonly flattened: readonly Node[];
  readonly products: readonly Node[];
  readonly sums: readonly Node[];
}

/** With more channels, cropping the image costs more than the positions. */
const FEW_CHANNELS = 8;

/**
 * Computes such a convolution once per place in the pool's window, at the pool's stride: the phases' maximum is the
 * pool, and comparing each phase with it sends the gradient to the first maximum.
 */
export const poolConvInPhases: GraphPass = {
  name: 'pool-conv-in-phases',
  stage: 'graph',
  when: ({ kind }) => kind === 'step',
  rewrite: (graph, { outputs }) =>
    rewriteNodes(graph, outputs, (view, substitution) => {
      const found = view.nodes.flatMap((node) => pooledConvolution(node, view) ?? []);
      return new Map(found.flatMap((each) => [...inPhases(graph, each, substitution)]));
    }),
};

/** The pattern that a max-pool ends, or null. */
function pooledConvolution(pool: Node, view: GraphView): PooledConvolution | null {
  if (!tilesPlane(pool)) return null;
  const { users, kept } = view;
  const [, positions] = pool.outputs as [Value, Value];
  const readers = users.get(positions) ?? [];
  const conv = madeBy(pool.inputs[0]!, 'Conv');
  if (conv?.domain !== '' || readers.length === 0) return null;
  const z = conv.outputs[0]!;
  const plain = allEqual(conv.attributes, 'strides', 1) && allEqual(conv.attributes, 'dilations', 1);
  if (!plain || conv.attributes['group'] !== 1) return null;
  if (conv.inputs[0]!.shape[1]! >= FEW_CHANNELS) return null;
  if (users.get(z)!.length > 1 || [z, positions].some((value) => kept.has(value))) return null;
  const unpools = readers.map((reader) => unpooled(reader, conv, view));
  return unpools.every((each) => each !== null) ? { conv, pool, unpools } : null;
}

function unpooled(node: Node, conv: Node, { users, kept }: GraphView): Unpooled | null {
  const gradient = node.outputs[0]!;
  if (node.op !== 'MaxUnpool' || kept.has(gradient)) return null;
  const readers = users.get(gradient) ?? [];
  const flattened = readers.filter(({ op }) => op === 'Reshape');
  const sums = readers.filter(
    ({ op, outputs }) => op === 'ReduceSum' && outputs[0]!.shape.slice(-2).every((n) => n === 1),
  );
  if (flattened.length + sums.length < readers.length) return null;
  const products = flattened.flatMap(({ outputs }) =>
    kept.has(outputs[0]!) ? [node] : users.get(outputs[0]!)!,
  );
  return products.every((each) => isIm2colProduct(each, flattened, conv))
    ? { node, flattened, products, sums }
    : null;
}

/** Whether a node multiplies what was flattened with the columns that the convolution sees. */
function isIm2colProduct(node: Node, flattened: readonly Node[], conv: Node): boolean {
  if (node.op !== 'MatMul' || !flattened.some(({ outputs }) => outputs[0] === node.inputs[0])) return false;
  const transposed = madeBy(node.inputs[1]!, 'Transpose');
  const flat = transposed && madeBy(transposed.inputs[0]!, 'Reshape');
  const patches = flat && madeBy(flat.inputs[0]!, 'Conv');
  if (!patches || patches.inputs[0] !== conv.inputs[0] || patches.inputs[1]!.source.kind !== 'constant')
    return false;
  const same = (name: string): boolean =>
    sameShape(numbersIn(patches.attributes, name), numbersIn(conv.attributes, name));
  return ['kernel_shape', 'pads', 'strides', 'dilations'].every(same);
}

/** What to do in place of each node of the pattern. */
function inPhases(
  graph: Graph,
  { conv, pool, unpools }: PooledConvolution,
  { current, replace }: Substitution,
): Map<Node, () => void> {
  const [kh, kw] = pool.attributes['kernel_shape'] as [number, number];
  const maxima = pool.outputs[0]!;
  const [filterHeight, filterWidth] = conv.inputs[1]!.shape.slice(2) as [number, number];
  const places = Array.from({ length: kh * kw }, (_, at) => [Math.floor(at / kw), at % kw] as const);
  const strides = [kh, kw];
  const skip = (): void => undefined;

  /** The part of the padded image that the phase at (row, column) of each window sees. */
  const crop = (row: number, column: number): Value => {
    const [top, left, bottom, right] = conv.attributes['pads'] as [number, number, number, number];
    const image = pad(graph, current(conv.inputs[0]!), [0, 0, top, left], [0, 0, bottom, right]);
    const [height, width] = [
      kh * (maxima.shape[2]! - 1) + filterHeight,
      kw * (maxima.shape[3]! - 1) + filterWidth,
    ];
    return slice(graph, image, [
      { axis: 2, begin: row, end: row + height, step: 1 },
      { axis: 3, begin: column, end: column + width, step: 1 },
    ]);
  };
  const phases = (): Value[] =>
    places.map(([row, column]) => {
      const rest = conv.inputs.slice(1).map((input) => input && current(input));
      const attributes = { ...conv.attributes, strides, pads: [0, 0, 0, 0] };
      return graph.op('Conv', [crop(row, column), ...rest], 'float32', maxima.shape, attributes);
    });
  const pooled = (): Value => maximumOf(graph, phases());

  const products = (dy: Value): Value =>
    phaseGradients(graph, phases(), pooled(), dy)
      .map((gradient, i) =>
        im2colProducts(graph, crop(...places[i]!), gradient, {
          kernelSize: [filterHeight, filterWidth],
          strides,
          dilations: [1, 1],
          pads: [0, 0, 0, 0],
          outputSize: [maxima.shape[2]!, maxima.shape[3]!],
        }),
      )
      .reduce((a, b) => graph.op('Add', [a, b], 'float32', a.shape));

  const planned = new Map<Node, () => void>([
    [conv, skip],
    [pool, () => replace(maxima, pooled())],
  ]);
  for (const { node, flattened, products: multiplied, sums } of unpools) {
    const dy = (): Value => current(node.inputs[0]!);
    for (const each of [node, ...flattened]) planned.set(each, skip);
    for (const each of multiplied) planned.set(each, () => replace(each.outputs[0]!, products(dy())));
    // Unpooling moves numbers and adds zeros: the sums over the planes stay.
    for (const each of sums) {
      planned.set(each, () => {
        const { shape } = each.outputs[0]!;
        const sum = graph.op('ReduceSum', [dy(), each.inputs[1]!], 'float32', shape, each.attributes);
        replace(each.outputs[0]!, sum);
      });
    }
  }
  return planned;
}
