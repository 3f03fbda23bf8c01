import type { Builder } from '../build/builder.js';
import { numbersOf } from '../build/constants.js';
import { plainStrides, shaped, type Tensor } from '../build/storage.js';
import {
  expressionOf,
  isCondition,
  isSum,
  Instructions,
  number,
  operandsOf,
} from '../kernels/expressions.js';
import type { Group } from '../kernels/groups.js';
import type { KernelInput, KernelOutput, Operand } from '../kernels/loop-nest.js';
import type { StoredType } from '../kernels/stored-types.js';
import type { FlatNode } from '../graph/flat-graph.js';
import type { Handle } from '../library/onednn.js';

/** How a kernel goes through the elements of its shape. */
interface Order {
  /** Layouts of full tensors by their type; null where those that the kernel reads have one that this type cannot have. float32 has one always. */
  readonly layoutOf: (type: StoredType) => readonly number[] | Handle | null;
  /** Channels in a block; 1 where there are no blocks. */
  readonly block: number;
  /** Axes from the outermost to the innermost, without the block. */
  readonly axes: readonly number[];
}

/** Elements from which on it pays to bring a tensor to the order of the others. */
const LARGE = 1024;
/** Axis of channels. */
const CHANNELS = 1;

const sizeOf = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1);

/** Builds the kernel of a group: sets the tensors of what is read elsewhere. */
export function buildGroup(builder: Builder, { nodes, shape: whole }: Group): void {
  const shape = shaped(whole);
  const { graph } = builder;
  const members = new Set(nodes);
  const made = new Map<number, Operand>();
  const instructions = new Instructions();
  const inputs: number[] = [];
  const reads = new Map<number, number>();
  const operand = (value: number): Operand => {
    const known = made.get(value);
    if (known !== undefined) return known;
    const { data, type } = graph.values[value]!;
    const found = ((): Operand => {
      if (data?.length === 1 && type === 'float32') return number(Number(data[0]));
      const node = builder.uses.isConstant(value) ? undefined : builder.uses.producer(value);
      if (node !== undefined && isCondition(graph, node)) return expression(node);
      return { kind: 'input', index: inputs.push(value) - 1 };
    })();
    made.set(value, found);
    return found;
  };
  const expression = (node: FlatNode): Operand =>
    expressionOf(
      node,
      instructions.emit,
      operandsOf(node).map((input) => operand(input!)),
    );
  const sums: FlatNode[] = [];
  for (const node of nodes) {
    for (const input of node.inputs) if (input !== null) reads.set(input, (reads.get(input) ?? 0) + 1);
    if (isSum(node)) sums.push(node);
    else made.set(node.outputs[0]!, expression(node));
  }
  const summed = sums.map((node) => operand(node.inputs[0]!));
  const tensors = inputs.map((value) => readable(builder, builder.get(value)));
  const isRead = (value: number): boolean => {
    const consumers = builder.uses.consumers(value);
    return consumers === null || consumers.some((node) => !members.has(node));
  };
  const results = nodes.filter((node) => !isSum(node) && isRead(node.outputs[0]!));
  const order = orderOf(
    builder,
    shape,
    tensors,
    results.some((node) => builder.uses.replacesState(node.outputs[0]!)),
  );
  const arranged = tensors.map((tensor) => arrangedIn(builder, tensor, shape, order));
  const access = (tensor: Tensor): KernelInput => ({
    strides: stridesOf(builder, tensor, shape, order),
    type: tensor.type as StoredType,
  });
  const outputs: KernelOutput[] = [];
  const places: Tensor[] = [];
  const taken = new Set<Tensor['storage']>();
  for (const node of results) {
    const [value] = node.outputs as [number];
    const wanted = builder.storedAs(value);
    const type = order.layoutOf(wanted) === null ? 'float32' : wanted;
    // what replaces an entry of the state is written there, not over the gradient that it is computed from
    const free = builder.uses.replacesState(value)
      ? -1
      : inputs.findIndex((input, i) => {
          const tensor = arranged[i]!;
          return (
            tensor === builder.get(input) &&
            !taken.has(tensor.storage) &&
            tensor.type === type &&
            isSameLayout(builder, tensor, shape, order) &&
            builder.mayOverwrite(input, reads.get(input))
          );
        });
    const result =
      free >= 0 ? { ...arranged[free]! } : builder.memory.fresh(type, shape, order.layoutOf(type)!, arranged);
    taken.add(result.storage);
    outputs.push({ from: made.get(value)!, ...access(result), sum: null });
    places.push(result);
  }
  const elementwise = [...places];
  const sumTensors = sums.map((node, i) => {
    const axes = numbersOf(builder, node, 1).map((axis) => (axis < 0 ? axis + shape.length : axis));
    const kept = shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
    const result = builder.memory.plain('float32', kept, arranged);
    const count = sizeOf(kept);
    const factor = node.op === 'ReduceMean' ? count / sizeOf(shape) : 1;
    outputs.push({ from: summed[i]!, ...access(result), sum: { count, factor } });
    places.push(result);
    return result;
  });
  if (outputs.length > 0) {
    const sizes = order.axes.map((axis) => (axis === CHANNELS ? shape[axis]! / order.block : shape[axis]!));
    const nest = {
      sizes: order.block === 1 ? sizes : [...sizes, order.block],
      inputs: arranged.map(access),
      instructions: instructions.list,
      outputs,
    };
    builder.steps.emitKernel(nest, arranged, places, elementwise);
  }
  results.forEach((node, i) => builder.set(node.outputs[0]!, elementwise[i]!));
  sums.forEach((node, i) => {
    const [value] = node.outputs as [number];
    const own = shaped(graph.values[value]!.shape);
    builder.set(value, builder.memory.view(sumTensors[i]!, own, plainStrides(own)));
  });
  for (const node of nodes) builder.uses.finish(node);
}

const readable = (builder: Builder, tensor: Tensor): Tensor =>
  tensor.type === 'float32' || tensor.type === 'bfloat16' ? tensor : builder.asPlain(tensor, 'float32');

const isFull = ({ shape }: Tensor, whole: readonly number[]): boolean => shape.join() === whole.join();

/** Whether a tensor has whole blocks of channels, without padding. */
function blockOf(builder: Builder, tensor: Tensor): number | null {
  const block = builder.memory.layoutOf(tensor)?.block ?? null;
  if (block === null) return null;
  const { axis, size, padded } = block;
  return axis === CHANNELS && padded === tensor.shape[CHANNELS] ? size : null;
}

/** The order of the largest tensors, blocks first; plain where the result replaces an entry of a state. */
function orderOf(
  builder: Builder,
  shape: readonly number[],
  tensors: readonly Tensor[],
  isPlain: boolean,
): Order {
  const inStrides = (strides: readonly number[], axes: readonly number[]): Order => ({
    layoutOf: () => strides,
    block: 1,
    axes,
  });
  const plain = inStrides(plainStrides(shape), [...shape.keys()]);
  if (isPlain) return plain;
  const full = tensors.filter((tensor) => isFull(tensor, shape));
  // where kernels write float32, too
  const blocked = full.find((tensor) => {
    const block = tensor.strides === null ? blockOf(builder, tensor) : null;
    return block !== null && builder.memory.withType(tensor, block, 'float32') !== null;
  });
  if (blocked !== undefined) {
    const block = blockOf(builder, blocked)!;
    return {
      layoutOf: (type) => builder.memory.withType(blocked, block, type),
      block,
      axes: byStride(builder.memory.layoutOf(blocked)!.strides),
    };
  }
  const strided = full.find((tensor) => builder.memory.layoutOf(tensor)?.block === null);
  if (strided === undefined) return plain;
  const axes = byStride(builder.memory.layoutOf(strided)!.strides, shape);
  const dense = new Array<number>(shape.length).fill(1);
  let next = 1;
  for (const axis of axes.toReversed()) {
    dense[axis] = next;
    next *= shape[axis]!;
  }
  return inStrides(dense, axes);
}

/** Axes by falling strides; where strides are equal or mean nothing, in their own order. */
const byStride = (strides: readonly number[], shape?: readonly number[]): number[] => {
  const weight = (axis: number): number => (shape?.[axis] === 1 ? Infinity : strides[axis]!);
  return [...strides.keys()].sort((a, b) => {
    const [left, right] = [weight(a), weight(b)];
    return left === right ? a - b : right - left;
  });
};

/** Whether a tensor lies as results of the kernel do. */
function isSameLayout(
  builder: Builder,
  tensor: Tensor,
  shape: readonly number[],
  { layoutOf }: Order,
): boolean {
  if (!isFull(tensor, shape)) return false;
  const layout = layoutOf(tensor.type as StoredType);
  if (layout === null) return false;
  if (typeof layout === 'number') return builder.library.equal(tensor.descriptor, layout);
  return tensor.strides !== null && tensor.strides.join() === layout.join();
}

/** A tensor that the kernel can read: with strides, or in blocks as the others. */
function arrangedIn(builder: Builder, tensor: Tensor, shape: readonly number[], order: Order): Tensor {
  const own = builder.memory.layoutOf(tensor);
  const isStrided = own !== null && own.block === null;
  if (!isFull(tensor, shape)) return isStrided ? tensor : builder.asPlain(tensor);
  if (isSameLayout(builder, tensor, shape, order)) return tensor;
  const type = order.layoutOf(tensor.type as StoredType) === null ? 'float32' : (tensor.type as StoredType);
  const layout = order.layoutOf(type)!;
  if (isStrided && typeof layout !== 'number' && byStride(own.strides, shape).join() === order.axes.join())
    return tensor;
  return !isStrided || sizeOf(shape) >= LARGE ? builder.as(tensor, layout, type) : tensor;
}

/** Elements between steps of each loop; 0 where a tensor has one element along an axis. */
function stridesOf(builder: Builder, tensor: Tensor, shape: readonly number[], order: Order): number[] {
  const own = builder.memory.layoutOf(tensor)!;
  const shift = shape.length - tensor.shape.length;
  const isBlocked = own.block !== null;
  const along = (axis: number): number => {
    const at = axis - shift;
    return at < 0 || tensor.shape[at] === 1 ? 0 : own.strides[at]!;
  };
  const { block, axes } = order;
  const strides = axes.map((axis) => (axis === CHANNELS && !isBlocked ? along(axis) * block : along(axis)));
  // blocks of a single one still follow each other
  if (block === 1) return strides;
  return [...strides, isBlocked ? 1 : along(CHANNELS)];
}
