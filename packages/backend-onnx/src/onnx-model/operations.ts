import { sizeOf } from '@anc/core';
import { numberOf } from './constants.js';
import type { NodeProto } from './proto.js';

/** The shape of a tensor; null for an input that is left out. */
export type ShapeOf = (name: string | undefined) => readonly number[] | null;

/** Matrices of the gates of a recurrent cell. */
const GATES: Readonly<Record<string, number>> = { LSTM: 4, GRU: 3, RNN: 1 };

/** Inputs of convolutions: the filter [O, I / groups, …] and the bias. */
const CONVOLUTIONS: Readonly<Record<string, readonly [filter: number, bias: number]>> = {
  Conv: [1, 2],
  FusedConv: [1, 2],
  QLinearConv: [3, 8],
  ConvInteger: [1, -1],
  DeformConv: [1, 3],
};

/** Inputs of products: the matrix on the left and the bias. */
const PRODUCTS: Readonly<Record<string, readonly [left: number, bias: number]>> = {
  MatMul: [0, -1],
  MatMulInteger: [0, -1],
  QLinearMatMul: [0, -1],
  DynamicQuantizeMatMul: [0, -1],
  MatMulIntegerToFloat: [0, -1],
};

/** 2 × multiply-adds + bias additions of one node; null if it is not known how it multiplies. */
export function operationsOf(node: NodeProto, shapeOf: ShapeOf): number | null {
  const op = node.opType ?? '';
  const input = (index: number): readonly number[] | null =>
    index < 0 ? null : shapeOf(node.input?.[index]);
  const output = shapeOf(node.output?.[0]);
  if (output === null) return null;
  const [first, second] = [input(0), input(1)];
  const isStandard = !node.domain || node.domain === 'ai.onnx';
  if (Object.hasOwn(CONVOLUTIONS, op)) {
    const [filter, bias] = CONVOLUTIONS[op]!.map(input);
    return filter ? sizeOf(output) * (2 * sizeOf(filter.slice(1)) + (bias ? 1 : 0)) : null;
  }
  if (op === 'ConvTranspose') {
    return first && second
      ? 2 * sizeOf(first) * sizeOf(second.slice(1)) + (input(2) ? sizeOf(output) : 0)
      : null;
  }
  if (Object.hasOwn(PRODUCTS, op)) {
    const left = input(PRODUCTS[op]![0]);
    return left ? 2 * sizeOf(output) * left.at(-1)! : null;
  }
  if (op === 'Gemm') {
    const depth = first?.at(numberOf(node, 'transA', 0) === 1 ? 0 : 1);
    return depth === undefined ? null : sizeOf(output) * (2 * depth + (input(2) ? 1 : 0));
  }
  if (Object.hasOwn(GATES, op)) return recurrent(GATES[op]!, first, input(2), input(3) !== null);
  if (op === 'Attention' && isStandard) return attention(node, first, second, input(2));
  if (op === 'Attention') return fusedAttention(first, second, input(2) !== null);
  if (op === 'MultiHeadAttention' && first?.length === 3 && second?.length === 3) {
    return scores(first[0]! * first[1]! * second[1]!, first[2]!, input(2)?.at(-1) ?? second[2]!);
  }
  return op === 'Einsum' ? einsum(node, (index) => input(index)) : null;
}

/** X: [T, B, I] or, with layout 1, [B, T, I]; R: [directions, gates · H, H]. */
function recurrent(
  gates: number,
  x: readonly number[] | null,
  r: readonly number[] | null,
  biased: boolean,
): number | null {
  if (x?.length !== 3 || r?.length !== 3) return null;
  const [directions, , hidden] = r as readonly [number, number, number];
  const outputs = x[0]! * x[1]! * directions * gates * hidden;
  return outputs * (2 * (x[2]! + hidden) + (biased ? 2 : 0));
}

/** Q: [B, heads, S, d] or [B, S, heads · d], K and V likewise: the products Q Kᵀ and P V. */
function attention(
  node: NodeProto,
  q: readonly number[] | null,
  k: readonly number[] | null,
  v: readonly number[] | null,
): number | null {
  if (q === null || k === null || v === null) return null;
  if (q.length === 4) return scores(q[0]! * q[1]! * q[2]! * k[2]!, q[3]!, v[3]!);
  const [heads, others] = [numberOf(node, 'q_num_heads', 1), numberOf(node, 'kv_num_heads', 1)];
  return scores(q[0]! * q[1]! * k[1]!, q[2]!, (v[2]! * heads) / others);
}

/** ONNX Runtime's own: x [B, S, I] times weights [I, 3 H], then attention. */
function fusedAttention(
  x: readonly number[] | null,
  weights: readonly number[] | null,
  biased: boolean,
): number | null {
  if (x?.length !== 3 || weights?.length !== 2) return null;
  const [batch, length, depth] = x as readonly [number, number, number];
  const width = weights[1]!;
  const projections = batch * length * width * (2 * depth + (biased ? 1 : 0));
  return projections + scores(batch * length * length, width / 3, width / 3);
}

/** `pairs` of positions, each with a product of `depth` numbers and a sum of `width`. */
const scores = (pairs: number, depth: number, width: number): number => 2 * pairs * (depth + width);

/** A product of two tensors, such as `bhid,bhjd->bhij`: a multiply-add for every combination of indices. */
function einsum(node: NodeProto, input: (index: number) => readonly number[] | null): number | null {
  const text = node.attribute?.find(({ name }) => name === 'equation')?.s;
  const equation = text ? new TextDecoder().decode(text).replaceAll(' ', '') : '';
  const terms = equation.split('->')[0]!.split(',');
  if (equation.includes('.') || terms.length !== 2) return null;
  const sizes = new Map<string, number>();
  for (const [i, term] of terms.entries()) {
    const shape = input(i);
    if (shape?.length !== term.length) return null;
    for (const [axis, letter] of Array.from(term).entries()) {
      sizes.set(letter, Math.max(sizes.get(letter) ?? 1, shape[axis]!));
    }
  }
  return 2 * sizeOf([...sizes.values()]);
}
