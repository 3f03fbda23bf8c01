import type { FlatNode } from '../graph/flat-graph.js';
import type { Builder } from './builder.js';
import type { HostArray } from './storage.js';
import { unsupported } from './unsupported.js';

/** The numbers of a constant; null where a value is none, or is not computed yet. */
export function constantOf(builder: Builder, value: number): HostArray | null {
  if (!builder.has(value)) return null;
  const tensor = builder.get(value);
  if (!tensor.storage.isConstant) return null;
  const type = tensor.type === 'bfloat16' ? 'float32' : tensor.type;
  return builder.memory.host(builder.asPlain(tensor, type));
}

/**
 * The numbers of a constant input that describes an operation: axes, sizes, paddings.
 *
 * @throws `ANC_COMPILE_UNSUPPORTED` where it is not constant
 */
export function numbersOf(builder: Builder, node: FlatNode, input: number): readonly number[] {
  const value = node.inputs[input];
  const found = value === null || value === undefined ? null : constantOf(builder, value);
  if (found === null) throw unsupported(node.op, `input ${input} is not constant`);
  return Array.from(found.data);
}
