import type { Graph, NamedValue, Node } from '@anc/compiler';
import { viewOf } from '@anc/compiler/worker';
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
  const { nodes, users, kept } = viewOf(graph, outputs);
  const found = new Set<number>();
  for (const node of nodes) {
    for (const value of node.outputs) {
      if (value.shape.length !== 4 || value.type !== 'float32' || kept.has(value)) continue;
      const readers = users.get(value) ?? [];
      if (!readers.every((reader) => readsAsImage(reader, value) || isKernelOperation(reader.op))) continue;
      if (makesImage(node) || readers.some((reader) => readsAsImage(reader, value))) found.add(value.id);
    }
  }
  return found;
}
