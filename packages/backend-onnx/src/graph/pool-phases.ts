import { productsWithColumns } from './columns.js';
import { reachable, sameShape, type Graph } from './graph.js';
import { pad, slice } from './shape-ops.js';
import type { NamedValue } from './serialize.js';
import { madeBy, type Attributes, type Node, type Value } from './value.js';

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

type Users = ReadonlyMap<Value, readonly Node[]>;

/** More channels make the crops of the image dearer than the positions. */
const FEW_CHANNELS = 8;

/**
 * Computes such a convolution once per place in the pool's window, at the pool's stride: the phases' maximum is the
 * pool, and comparing each phase with it sends the gradient to the first maximum. Returns the outputs anew.
 */
export function poolInPhases(graph: Graph, outputs: readonly NamedValue[]): readonly NamedValue[] {
  const nodes = reachable(
    graph,
    outputs.map(({ value }) => value),
  );
  const users = usersOf(nodes);
  const kept = new Set(outputs.map(({ value }) => value));
  const found = nodes.flatMap((node) => pooledConvolution(node, users, kept) ?? []);
  if (found.length === 0) return outputs;

  const anew = new Map<Value, Value>();
  const current = (value: Value): Value => anew.get(value) ?? value;
  const written = new Map<Node, () => void>(
    found.flatMap((each) => [...inPhases(graph, each, anew, current)]),
  );
  for (const node of nodes) {
    const write = written.get(node);
    if (write !== undefined) write();
    else if (node.inputs.some((input) => input !== null && anew.has(input))) {
      const inputs = node.inputs.map((input) => input && current(input));
      const made = graph.node(node.op, inputs, node.outputs, node.attributes, node.domain);
      node.outputs.forEach((output, i) => anew.set(output, made[i]!));
    }
  }
  return outputs.map(({ name, value }) => ({ name, value: current(value) }));
}

function usersOf(nodes: readonly Node[]): Users {
  const users = new Map<Value, Node[]>();
  for (const node of nodes) {
    for (const input of new Set(node.inputs)) {
      if (input !== null) users.set(input, [...(users.get(input) ?? []), node]);
    }
  }
  return users;
}

/** A list of numbers among the attributes; empty where it is not said. */
const list = (attributes: Attributes, name: string): readonly number[] => {
  const found = attributes[name];
  return Array.isArray(found) ? (found as readonly number[]) : [];
};

const all = (attributes: Attributes, name: string, wanted: number): boolean =>
  list(attributes, name).every((n) => n === wanted);

/** The pattern that a max-pool ends, or null. `kept`: values that must exist because they are outputs. */
function pooledConvolution(pool: Node, users: Users, kept: ReadonlySet<Value>): PooledConvolution | null {
  if (pool.op !== 'MaxPool' || pool.domain !== '' || pool.outputs.length !== 2) return null;
  const [maxima, positions] = pool.outputs as [Value, Value];
  const readers = users.get(positions) ?? [];
  const conv = madeBy(pool.inputs[0]!, 'Conv');
  if (conv?.domain !== '' || readers.length === 0) return null;
  const [z, window] = [conv.outputs[0]!, list(pool.attributes, 'kernel_shape')];
  const whole = sameShape(
    window.map((size, axis) => maxima.shape[axis + 2]! * size),
    z.shape.slice(2),
  );
  const plain = all(conv.attributes, 'strides', 1) && all(conv.attributes, 'dilations', 1);
  if (!whole || !plain || !all(pool.attributes, 'pads', 0) || conv.attributes['group'] !== 1) return null;
  if (!sameShape(list(pool.attributes, 'strides'), window)) return null;
  if (conv.inputs[0]!.shape[1]! >= FEW_CHANNELS) return null;
  if (users.get(z)!.length > 1 || [z, positions].some((value) => kept.has(value))) return null;
  const unpools = readers.map((reader) => unpooled(reader, conv, users, kept));
  return unpools.every((each) => each !== null) ? { conv, pool, unpools } : null;
}

function unpooled(node: Node, conv: Node, users: Users, kept: ReadonlySet<Value>): Unpooled | null {
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
  return products.every((each) => isProductWithColumns(each, flattened, conv))
    ? { node, flattened, products, sums }
    : null;
}

/** Whether a node multiplies what was flattened with the columns that the convolution sees. */
function isProductWithColumns(node: Node, flattened: readonly Node[], conv: Node): boolean {
  if (node.op !== 'MatMul' || !flattened.some(({ outputs }) => outputs[0] === node.inputs[0])) return false;
  const turned = madeBy(node.inputs[1]!, 'Transpose');
  const flat = turned && madeBy(turned.inputs[0]!, 'Reshape');
  const taken = flat && madeBy(flat.inputs[0]!, 'Conv');
  if (!taken || taken.inputs[0] !== conv.inputs[0] || taken.inputs[1]!.source.kind !== 'constant')
    return false;
  const same = (name: string): boolean =>
    sameShape(list(taken.attributes, name), list(conv.attributes, name));
  return ['kernel_shape', 'pads', 'strides', 'dilations'].every(same);
}

/** What to write in place of each node of the pattern, in the order in which the nodes come. */
function inPhases(
  graph: Graph,
  { conv, pool, unpools }: PooledConvolution,
  anew: Map<Value, Value>,
  current: (value: Value) => Value,
): Map<Node, () => void> {
  const [kh, kw] = pool.attributes['kernel_shape'] as [number, number];
  const maxima = pool.outputs[0]!;
  const [fh, fw] = conv.inputs[1]!.shape.slice(2) as [number, number];
  const places = Array.from({ length: kh * kw }, (_, at) => [Math.floor(at / kw), at % kw] as const);
  const stride = [kh, kw];
  const skip = (): void => undefined;

  /** The part of the padded image that the phase at (row, column) of each window sees. */
  const seen = (row: number, column: number): Value => {
    const [top, left, bottom, right] = conv.attributes['pads'] as [number, number, number, number];
    const image = pad(graph, current(conv.inputs[0]!), [0, 0, top, left], [0, 0, bottom, right]);
    const [height, width] = [kh * (maxima.shape[2]! - 1) + fh, kw * (maxima.shape[3]! - 1) + fw];
    return slice(graph, image, [
      { axis: 2, begin: row, end: row + height, step: 1 },
      { axis: 3, begin: column, end: column + width, step: 1 },
    ]);
  };
  const phases = (): Value[] =>
    places.map(([row, column]) => {
      const rest = conv.inputs.slice(1).map((input) => input && current(input));
      const attributes = { ...conv.attributes, strides: stride, pads: [0, 0, 0, 0] };
      return graph.op('Conv', [seen(row, column), ...rest], 'float32', maxima.shape, attributes);
    });
  const larger = (a: Value, b: Value): Value => graph.op('Max', [a, b], 'float32', maxima.shape);
  const pooled = (): Value => phases().reduce(larger);

  /** dy where the phase is its window's first maximum, 0 elsewhere. */
  const slopes = (dy: Value): Value[] => {
    const all = phases();
    const top = pooled();
    let left = dy;
    return all.map((phase, i) => {
      if (i === all.length - 1) return left;
      const first = graph.op('Equal', [phase, top], 'bool', top.shape);
      const mask = graph.op('Cast', [first], 'float32', top.shape, { to: 1 }); // Where runs on one thread
      const slope = graph.op('Mul', [left, mask], 'float32', top.shape);
      left = graph.op('Sub', [left, slope], 'float32', top.shape);
      return slope;
    });
  };
  const products = (dy: Value): Value =>
    slopes(dy)
      .map((slope, i) =>
        productsWithColumns(graph, seen(...places[i]!), slope, {
          size: [fh, fw],
          strides: stride,
          dilations: [1, 1],
          pads: [0, 0, 0, 0],
          out: [maxima.shape[2]!, maxima.shape[3]!],
        }),
      )
      .reduce((a, b) => graph.op('Add', [a, b], 'float32', a.shape));

  const write = new Map<Node, () => void>([
    [conv, skip],
    [pool, () => anew.set(maxima, pooled())],
  ]);
  for (const { node, flattened, products: multiplied, sums } of unpools) {
    const dy = (): Value => current(node.inputs[0]!);
    for (const each of [node, ...flattened]) write.set(each, skip);
    for (const each of multiplied) write.set(each, () => anew.set(each.outputs[0]!, products(dy())));
    // Unpooling moves numbers and adds zeros: the sums over the planes stay.
    for (const each of sums) {
      write.set(each, () => {
        const { shape } = each.outputs[0]!;
        anew.set(
          each.outputs[0]!,
          graph.op('ReduceSum', [dy(), each.inputs[1]!], 'float32', shape, each.attributes),
        );
      });
    }
  }
  return write;
}
