import type { Graph, NamedValue, Node, Value } from '@anc/compiler';
import { reachable } from '@anc/compiler/worker';
import { isKernelOperation } from '../kernels/expressions.js';

/** Convolutions and their gradients: how many of their inputs are images, which come before their weights. */
const IMAGES: Readonly<Record<string, number>> = {
  Conv: 1,
  ConvTranspose: 1,
  ConvInputGradient: 1,
  ConvFilterGradient: 2,
};

/** Whether a node is a convolution, or the gradient of one, that reads a value as an image. */
export function readsAsImage<T>({ op, inputs }: { op: string; inputs: readonly T[] }, value: T): boolean {
  const count = IMAGES[op];
  return count !== undefined && !inputs.slice(count).includes(value);
}

const makesImage = ({ op }: Node): boolean => IMAGES[op] !== undefined && op !== 'ConvFilterGradient';

/**
 * Numbers of the values of a whole step that are images of convolutions: a convolution makes or reads them, and else only operations
 * that kernels compute read them. They are the same where the step is divided.
 */
export function imagesOf(graph: Graph, outputs: readonly NamedValue[]): ReadonlySet<number> {
  const given = new Set(outputs.map(({ value }) => value));
  const nodes = reachable(graph, [...given]);
  const readers = new Map<Value, Node[]>();
  for (const node of nodes) {
    for (const input of node.inputs) {
      if (input !== null) readers.set(input, [...(readers.get(input) ?? []), node]);
    }
  }
  const found = new Set<number>();
  for (const node of nodes) {
    for (const value of node.outputs) {
      if (value.shape.length !== 4 || value.type !== 'float32' || given.has(value)) continue;
      const own = readers.get(value) ?? [];
      if (!own.every((reader) => readsAsImage(reader, value) || isKernelOperation(reader.op))) continue;
      if (makesImage(node) || own.some((reader) => readsAsImage(reader, value))) found.add(value.id);
    }
  }
  return found;
}
