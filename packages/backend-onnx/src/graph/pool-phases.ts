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

/** The pool's gradient, and what is made of it: the convolution's gradients in its filter and its bias. */
interface Unpooled {
  readonly node: Node;
  readonly exchanged: readonly Node[];
  readonly filterGradients: readonly Node[];
  readonly sums: readonly Node[];
}

type Users = ReadonlyMap<Value, readonly Node[]>;

/** More channels make the crops of the image dearer than the positions. */
const FEW_CHANNELS = 8;

/** Batch and channels change places. */
const EXCHANGE = [1, 0, 2, 3];

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
  const exchanged = readers.filter(
    ({ op, attributes }) => op === 'Transpose' && sameShape(list(attributes, 'perm'), EXCHANGE),
  );
  const sums = readers.filter(
    ({ op, outputs }) => op === 'ReduceSum' && outputs[0]!.shape.slice(-2).every((n) => n === 1),
  );
  if (exchanged.length + sums.length < readers.length) return null;
  const filterGradients = exchanged.flatMap(({ outputs }) =>
    kept.has(outputs[0]!) ? [node] : users.get(outputs[0]!)!,
  );
  const pads = list(conv.attributes, 'pads');
  const fits = filterGradients.every(
    ({ op, domain, inputs, attributes }) =>
      op === 'Conv' &&
      domain === '' &&
      exchanged.some(({ outputs }) => outputs[0] === inputs[1]) &&
      all(attributes, 'strides', 1) &&
      all(attributes, 'dilations', 1) &&
      sameShape(list(attributes, 'pads'), pads),
  );
  return fits ? { node, exchanged, filterGradients, sums } : null;
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
  const [filters, channels, fh, fw] = conv.inputs[1]!.shape as [number, number, number, number];
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
  const filterGradient = (dy: Value): Value => {
    const shape = [channels, filters, fh, fw];
    const parts = slopes(dy).map((slope, i) => {
      const [image, weights] = [seen(...places[i]!), slope].map((value) => exchange(graph, value));
      const attributes = {
        kernel_shape: maxima.shape.slice(2),
        dilations: stride,
        strides: [1, 1],
        pads: [0, 0, 0, 0],
        group: 1,
      };
      return graph.op('Conv', [image!, weights!], 'float32', shape, attributes);
    });
    return parts.reduce((a, b) => graph.op('Add', [a, b], 'float32', shape));
  };

  const write = new Map<Node, () => void>([
    [conv, skip],
    [pool, () => anew.set(maxima, pooled())],
  ]);
  for (const { node, exchanged, filterGradients, sums } of unpools) {
    const dy = (): Value => current(node.inputs[0]!);
    for (const each of [node, ...exchanged]) write.set(each, skip);
    for (const each of filterGradients)
      write.set(each, () => anew.set(each.outputs[0]!, filterGradient(dy())));
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

const exchange = (graph: Graph, value: Value): Value =>
  graph.op(
    'Transpose',
    [value],
    'float32',
    EXCHANGE.map((axis) => value.shape[axis]!),
    { perm: EXCHANGE },
  );
