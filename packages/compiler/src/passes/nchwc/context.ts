import { sameShape, type Graph } from '../../graph/graph.js';
import type { GraphView } from '../../graph/rewrite.js';
import { madeBy, scalarOf, type Node, type Value } from '../../graph/value.js';

/** What a rule of NCHWc layout propagation sees of the graph. */
export interface NchwcContext extends GraphView {
  readonly graph: Graph;
  /** Channels per block. */
  readonly block: number;
  /** The value that replaces a value of the old graph. */
  readonly current: (value: Value) => Value;
  /** A value [B, C, H, W] of the new graph in NCHWc layout, where it is there; else null. */
  readonly blocked: (value: Value) => Value | null;
  /** The same, reordered where it is not there. */
  readonly reorder: (value: Value) => Value;
}

/** What a node computes in NCHWc layout, in the new graph; null where the layout does not help. */
export type NchwcRule = (node: Node, c: NchwcContext) => Value | null;

/** Images [B, C, H, W] whose channels fill blocks. */
export const isImage = ({ shape, type }: Value, { block }: NchwcContext): boolean =>
  type === 'float32' && shape.length === 4 && shape[1]! % block === 0;

/** Whether `reader` alone needs a value of the old graph, and the NCHWc value that it may have been reordered from. */
export function isOnlyReader(value: Value, reader: Node, { users, kept }: NchwcContext): boolean {
  if (kept.has(value) || users.get(value)!.length > 1) return false;
  const blocked = madeBy(value, 'ReorderOutput')?.inputs[0];
  return !blocked || (users.get(blocked)!.length === 1 && users.get(value)![0] === reader);
}

/** Whether nothing needs a value after `reader` did. */
export const isLastReader = (value: Value, reader: Node, { users, kept }: NchwcContext): boolean =>
  !kept.has(value) && users.get(value)!.at(-1) === reader;

/** Operations that are computed in NCHWc layout where what they read is in it. */
const FOLLOWS = new Set(['Add', 'Sub', 'Mul', 'Relu', 'HardSigmoid', 'Conv']);

export const isReorderInput = ({ op, attributes }: Node): boolean =>
  op === 'ReorderInput' && attributes['channels_last'] === 0;

/** Whether a value is needed in NCHWc layout, a few operations on. */
export function leadsToNchwc(value: Value, c: NchwcContext, steps = 4): boolean {
  if (value.shape.length !== 4) return false;
  const readers = c.users.get(value) ?? [];
  return readers.some(
    (node) =>
      isReorderInput(node) ||
      (steps > 0 && FOLLOWS.has(node.op) && leadsToNchwc(node.outputs[0]!, c, steps - 1)),
  );
}

/** The operands in NCHWc layout, or as a number; null where the layout does not help. */
export function operands(node: Node, c: NchwcContext): Value[] | null {
  const inputs = node.inputs.map((input) => c.current(input!));
  const image = inputs.find((input) => isImage(input, c) && c.blocked(input) !== null);
  if (image === undefined) return null;
  const tensors = inputs.filter((x) => scalarOf(x) === null);
  if (!tensors.every((x) => sameShape(x.shape, image.shape))) return null;
  const there = tensors.every((x) => c.blocked(x) !== null);
  if (!there && !leadsToNchwc(node.outputs[0]!, c)) return null;
  return inputs.map((x) => (scalarOf(x) === null ? c.reorder(x) : x));
}
