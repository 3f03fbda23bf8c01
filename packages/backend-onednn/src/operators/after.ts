import type { Builder } from '../build/builder.js';
import { plainStrides, type Tensor } from '../build/storage.js';
import type { FlatNode } from '../graph/flat-graph.js';
import { BINARY, postOperand } from '../library/constants.js';
import type { PostOperation } from '../library/onednn.js';
import { functionOf } from './eltwise.js';

/** What a primitive does with its result before it stores it: nodes of the graph that follow it alone. */
export interface After {
  readonly operations: readonly PostOperation[];
  /** Second operands, by the name of their argument. */
  readonly operands: readonly (readonly [argument: number, tensor: Tensor])[];
  /** The tensor that the result is added to in place; null where there is none. */
  readonly addedTo: Tensor | null;
  readonly nodes: readonly FlatNode[];
  /** The value that is computed in the end. */
  readonly result: number;
}

const COMMUTES = new Set(['Add', 'Mul', 'Max', 'Min']);

/**
 * Follows a value through elementwise operations that nothing else reads.
 *
 * @param type of the result in memory
 */
export function operationsAfter(builder: Builder, value: number, canAdd: boolean): After {
  const { shape } = builder.graph.values[value]!;
  const operations: PostOperation[] = [];
  const operands: (readonly [number, Tensor])[] = [];
  const nodes: FlatNode[] = [];
  let addedTo: Tensor | null = null;
  let result = value;
  while (operations.length < 8) {
    const node = builder.uses.onlyConsumer(result);
    if (node === null || builder.uses.isDone(node) || builder.grouped.has(node)) break;
    const output = builder.graph.values[node.outputs[0]!]!;
    if (output.type !== 'float32' || output.shape.join() !== shape.join()) break;
    const after = functionOf(builder, node);
    if (after !== null && node.inputs[0] === result) operations.push(after);
    else {
      const other = operandOf(builder, node, result);
      if (other === null) break;
      const tensor = builder.get(other);
      const isSame = tensor.shape.join() === shape.join();
      if (canAdd && isSame && node.op === 'Add' && operations.length === 0 && builder.mayOverwrite(other)) {
        operations.push({ kind: 'sum' });
        addedTo = tensor;
      } else {
        const operand =
          tensor.shape.length === shape.length ? tensor : aligned(builder, tensor, shape.length);
        operands.push([postOperand(operations.length), operand]);
        operations.push({ kind: 'binary', algorithm: BINARY[node.op]!, operand: operand.descriptor });
      }
    }
    nodes.push(node);
    result = node.outputs[0]!;
  }
  return { operations, operands, addedTo, nodes, result };
}

/** The other operand of a binary operation on `value`, where the library can apply it to a result. */
function operandOf(builder: Builder, node: FlatNode, value: number): number | null {
  if (BINARY[node.op] === undefined || node.inputs.length !== 2) return null;
  const [a, b] = node.inputs as [number, number];
  if (a === b || (a !== value && !COMMUTES.has(node.op))) return null;
  const other = a === value ? b : a;
  return builder.has(other) && builder.graph.values[other]!.type === 'float32' ? other : null;
}

/** A tensor with axes of size 1 in front, as many as it lacks. */
export function aligned(builder: Builder, x: Tensor, rank: number): Tensor {
  if (x.shape.length === rank) return x;
  const plain = builder.asPlain(x);
  const shape = [...new Array<number>(rank - x.shape.length).fill(1), ...plain.shape];
  return builder.memory.view(plain, shape, plainStrides(shape));
}
