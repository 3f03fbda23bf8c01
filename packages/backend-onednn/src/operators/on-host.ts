import type { Tensor } from '../build/storage.js';
import { elementwiseOperators } from '../host/elementwise.js';
import type { HostOperator } from '../host/host-operator.js';
import { imageOperators } from '../host/images.js';
import { indexingOperators } from '../host/indexing.js';
import { reduceOperators } from '../host/reduce.js';
import type { Operator } from './operator.js';

const OPERATORS: Readonly<Record<string, HostOperator>> = {
  ...elementwiseOperators,
  ...reduceOperators,
  ...indexingOperators,
  ...imageOperators,
};

/** What the library lacks, in plain JavaScript on plain tensors. Booleans are bytes, and 64-bit integers have 32. */
export const onHost: Operator = (builder, node) => {
  if (!Object.hasOwn(OPERATORS, node.op)) return false;
  const run = OPERATORS[node.op]!;
  const shapeOf = (value: number): readonly number[] => builder.graph.values[value]!.shape;
  const inputs = node.inputs.map((input): Tensor | null => {
    if (input === null) return null;
    const tensor = builder.get(input);
    return builder.asPlain(tensor, tensor.type === 'bfloat16' ? 'float32' : tensor.type);
  });
  const there = inputs.filter((input) => input !== null);
  const outputs = node.outputs.map((output) => builder.empty(output, there));
  builder.steps.emitHost(there, outputs, (from, to) => {
    let next = 0;
    run({
      node,
      inputs: node.inputs.map((input) =>
        input === null ? null : { shape: shapeOf(input), data: from[next++]!.data },
      ),
      outputs: node.outputs.map((output, i) => ({ shape: shapeOf(output), data: to[i]!.data })),
    });
  });
  node.outputs.forEach((output, i) => builder.set(output, outputs[i]!));
  builder.uses.finish(node);
  return true;
};
