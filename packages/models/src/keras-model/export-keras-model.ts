import type { FunctionSpec, HostTensor, TensorFunction, Tree } from '@anc/core';
import type { KerasModel } from '@anc/formats';
import type { GraphNode, Recorded } from '../graph-model/node.js';
import { recordFunction } from '../graph-model/record-function.js';
import { Assembly, inexpressible } from './assembly.js';
import { converters } from './layers-of.js';

/**
 * A function of images as a functional model of Keras 3, channels last, with its outputs in the function's order.
 * @param constants the weights under the names of our weights files (`params/conv1/weights`), after which the layers are
 * named (`conv1`)
 * @throws `ANC_EXPORT` if no layer of Keras expresses an operation, a padding or weights
 */
export function exportKerasModel(
  name: string,
  f: TensorFunction,
  spec: FunctionSpec,
  constants: Tree<HostTensor>,
): KerasModel {
  const recorded = recordFunction(f, spec, constants);
  const outputs = Object.values(recorded.outputs);
  const { nodes, takers } = walk(outputs);
  const model = new Assembly(takers);
  const [[inputName, placeholder] = []] = Object.entries(recorded.inputs);
  const [, ...shape] = placeholder!.shape;
  const input = model.layer({ className: 'InputLayer', inputs: [], shape, name: inputName! });
  for (const { source, shape } of nodes) {
    const node = source as GraphNode;
    const convert = converters[node.op];
    if (convert === undefined && node.op !== 'Placeholder') throw inexpressible(`the operation ${node.op}`);
    model.set(node, convert === undefined ? input : convert(node, shape, model));
  }
  return { name: name.replaceAll('/', '_'), input, outputs: outputs.map((each) => model.of(each)) };
}

/** The outputs of operations, each after its inputs, and the number of uses of each. */
function walk(outputs: readonly Recorded[]): { nodes: Recorded[]; takers: Map<GraphNode, number> } {
  const nodes = new Map<GraphNode, Recorded>();
  const takers = new Map<GraphNode, number>();
  const count = (taken: readonly Recorded[]): void => {
    for (const { source } of taken)
      if (source.kind === 'node') takers.set(source, (takers.get(source) ?? 0) + 1);
  };
  count(outputs);
  const stack = [...outputs].reverse();
  for (let each = stack.at(-1); each !== undefined; each = stack.at(-1)) {
    const { source } = each;
    const missing =
      source.kind === 'constant' || nodes.has(source)
        ? []
        : source.inputs.filter(({ source }) => source.kind === 'node' && !nodes.has(source));
    if (missing.length > 0) {
      stack.push(...missing.reverse()); // not recursive, for deep networks
      continue;
    }
    stack.pop();
    if (source.kind === 'constant' || nodes.has(source)) continue;
    nodes.set(source, each);
    count(source.inputs);
  }
  return { nodes: [...nodes.values()], takers };
}
