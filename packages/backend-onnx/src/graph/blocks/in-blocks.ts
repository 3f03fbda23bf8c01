import { sameShape, type Graph } from '../graph.js';
import type { View } from '../rewrite.js';
import { madeBy, scalarOf, type Node, type Value } from '../value.js';

/** What a rule sees of the graph. */
export interface InBlocks extends View {
  readonly graph: Graph;
  /** Channels side by side. */
  readonly block: number;
  /** The value that stands for a value of the old graph. */
  readonly now: (value: Value) => Value;
  /** The blocks of a value [B, C, H, W] of the new graph, where it has any. */
  readonly of: (value: Value) => Value | null;
  /** Its blocks, made where it has none. */
  readonly to: (value: Value) => Value;
}

/** What a node computes with the help of blocks, in the new graph; null where blocks are no help. */
export type BlockRule = (node: Node, c: InBlocks) => Value | null;

/** Images [B, C, H, W] whose channels fill blocks. */
export const isImage = ({ shape, type }: Value, { block }: InBlocks): boolean =>
  type === 'float32' && shape.length === 4 && shape[1]! % block === 0;

/** Whether `reader` is all that needs a value of the old graph, and the blocks that it may have come out of. */
export function onlyFor(value: Value, reader: Node, { users, kept }: InBlocks): boolean {
  if (kept.has(value) || users.get(value)!.length > 1) return false;
  const blocks = madeBy(value, 'ReorderOutput')?.inputs[0];
  return !blocks || (users.get(blocks)!.length === 1 && users.get(value)![0] === reader);
}

/** Whether nothing needs a value after `reader` did. */
export const lastFor = (value: Value, reader: Node, { users, kept }: InBlocks): boolean =>
  !kept.has(value) && users.get(value)!.at(-1) === reader;

/** Operations that are computed in blocks where what they read is. */
const FOLLOWS = new Set(['Add', 'Sub', 'Mul', 'Relu', 'HardSigmoid', 'Conv']);

export const isWayIn = ({ op, attributes }: Node): boolean =>
  op === 'ReorderInput' && attributes['channels_last'] === 0;

/** Whether a value is wanted in blocks, a few operations on. */
export function leadsToBlocks(value: Value, c: InBlocks, steps = 4): boolean {
  if (value.shape.length !== 4) return false;
  const readers = c.users.get(value) ?? [];
  return readers.some(
    (node) =>
      isWayIn(node) || (steps > 0 && FOLLOWS.has(node.op) && leadsToBlocks(node.outputs[0]!, c, steps - 1)),
  );
}

/** The operands as blocks, or as a number; null where blocks are no help. */
export function operands(node: Node, c: InBlocks): Value[] | null {
  const inputs = node.inputs.map((input) => c.now(input!));
  const image = inputs.find((input) => isImage(input, c) && c.of(input) !== null);
  if (image === undefined) return null;
  const tensors = inputs.filter((x) => scalarOf(x) === null);
  if (!tensors.every((x) => sameShape(x.shape, image.shape))) return null;
  const there = tensors.every((x) => c.of(x) !== null);
  if (!there && !leadsToBlocks(node.outputs[0]!, c)) return null;
  return inputs.map((x) => (scalarOf(x) === null ? c.to(x) : x));
}
