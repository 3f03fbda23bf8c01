import { sizeOf } from '@anc/core';
import type { Node } from '../../graph/value.js';

/**
 * How many terms a sum of this node's result has at most; null for a node that is no product of two float32 operands, or one
 * that stays float32: a convolution from or to one channel per group has few terms, and moves bytes rather than multiplies.
 */
export function termsOf(node: Node): number | null {
  const { op, domain, inputs, outputs } = node;
  const [a, b] = inputs;
  if (!a || !b || outputs[0]!.type !== 'float32') return null;
  switch (`${domain}.${op}`) {
    case '.Conv':
      return isDepthwise(node) ? null : sizeOf(b.shape.slice(1)); // [O, I / groups, kh, kw]
    case '.ConvTranspose':
      return isDepthwise(node) || inputs.length > 2 ? null : transposedTerms(node);
    case '.MatMul':
      return a.shape.at(-1)!;
    case '.Gemm':
    case 'com.microsoft.FusedMatMul':
      return isPlain(node) ? a.shape.at(node.attributes['transA'] === 1 ? -2 : -1)! : null;
    default:
      return null;
  }
}

/** Whether nothing is added to the product, and nothing but it is scaled. */
const isPlain = ({ inputs, attributes }: Node): boolean =>
  inputs.length === 2 && Object.keys(attributes).every((name) => name === 'transA' || name === 'transB');

/** Whether each group has one channel on one side, or the whole convolution one on both. */
function isDepthwise({ inputs, attributes }: Node): boolean {
  const groups = (attributes['group'] as number | undefined) ?? 1;
  const [outer, inner] = inputs[1]!.shape as [number, number];
  const sides = [outer / groups, inner];
  return Math.min(...sides) === 1 && (groups > 1 || Math.max(...sides) === 1);
}

/** Filters are [I, O / groups, kh, kw]; a pixel meets every place of the filter at stride 1, and one in `stride` else. */
function transposedTerms({ inputs, attributes }: Node): number {
  const [channels, , ...size] = inputs[1]!.shape as [number, number, ...number[]];
  const groups = (attributes['group'] as number | undefined) ?? 1;
  const strides = attributes['strides'] as readonly number[] | undefined;
  const dilations = attributes['dilations'] as readonly number[] | undefined;
  const places = size.map((length, axis) =>
    (dilations?.[axis] ?? 1) === 1 ? Math.ceil(length / (strides?.[axis] ?? 1)) : length,
  );
  return (channels / groups) * sizeOf(places);
}
