import { AncError, type HostTensor } from '@anc/core';
import type { OnnxGraph, OnnxNode } from '@anc/formats';
import type { Variable } from './parameters.js';

const PASSING = new Set([
  'Identity',
  'Reshape',
  'Flatten',
  'Squeeze',
  'Dropout',
  'Cast',
  'Relu',
  'GlobalAveragePool',
  'ReduceMean',
]);
const PRODUCTS = new Set(['Gemm', 'MatMul', 'Conv']);

/** The variables of the last layer: the kernel of the last product before the logits, and what is added to it. */
export function headOf(
  { nodes }: OnnxGraph,
  variables: readonly Variable[],
  logits: string,
): readonly Variable[] {
  const makers = new Map(nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)));
  const byConstant = new Map(variables.map((variable) => [variable.constant, variable]));
  const found: Variable[] = [];
  const take = (node: OnnxNode): void => {
    for (const name of node.inputs) {
      const variable = byConstant.get(name);
      if (variable !== undefined) found.push(variable);
    }
  };
  for (let name: string | undefined = logits; name !== undefined;) {
    const node = makers.get(name);
    if (node === undefined) return [];
    if (PRODUCTS.has(node.op)) {
      take(node);
      return found.some(({ role }) => role === 'kernel') ? found : [];
    }
    if (node.op === 'Add') {
      take(node);
      name = node.inputs.find((input) => !byConstant.has(input));
    } else name = PASSING.has(node.op) ? node.inputs[0] : undefined;
  }
  return [];
}

/** The variables with a last layer of another width. @throws `ANC_MODEL` if the network has no last layer of its own */
export function withClasses(
  shown: string,
  variables: readonly Variable[],
  head: readonly Variable[],
  classes: number,
): Variable[] {
  if (head.length === 0) {
    throw new AncError('ANC_MODEL', `${shown}: its last layer cannot be replaced.`, {
      expected: 'a dense layer or a 1×1 convolution that computes the logits',
      received: 'something else before its logits',
      hint: `use images of the classes that it was trained on, or a network that ends with a dense layer.`,
    });
  }
  const resized = ({ shape }: HostTensor): HostTensor => {
    const sizes = [...shape.slice(0, -1), classes];
    return { shape: sizes, data: new Float32Array(sizes.reduce((product, size) => product * size, 1)) };
  };
  return variables.map((variable) =>
    head.includes(variable) ? { ...variable, value: resized(variable.value) } : variable,
  );
}
