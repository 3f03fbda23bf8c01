import { broadcastShapes } from '../graph/graph.js';
import type { Value } from '../graph/value.js';
import { kernel, type Kernel } from './kernel.js';
import { identityLayout, isIdentity, sameLayout, type TracedTensor } from './traced-tensor.js';
import type { Tracer } from './tracer.js';
import { activate } from './unary.js';

/** A matrix (or a stack of them) in memory, and whether it is transposed there. */
interface Operand {
  readonly value: Value;
  readonly transposed: boolean;
}

function operand(t: Tracer, x: TracedTensor, transposed: boolean): Operand {
  const rank = x.shape.length;
  const swapped = [...identityLayout(rank - 2), rank - 1, rank - 2];
  if (!isIdentity(x.layout) && sameLayout(x.layout, swapped)) {
    return { value: t.full(x), transposed: !transposed };
  }
  return { value: t.logical(x), transposed };
}

/** a·b over the last two axes, each optionally transposed; the other axes broadcast. */
export function matmul(
  t: Tracer,
  a: TracedTensor,
  b: TracedTensor,
  transposeA: boolean,
  transposeB: boolean,
): TracedTensor {
  const [left, right] = [operand(t, a, transposeA), operand(t, b, transposeB)];
  const rank = a.shape.length;
  const rows = a.shape[transposeA ? rank - 1 : rank - 2]!;
  const columns = b.shape[b.shape.length - (transposeB ? 2 : 1)]!;
  const shape = [...broadcastShapes(a.shape.slice(0, -2), b.shape.slice(0, -2)), rows, columns];
  return t.tensor(product(t, left, right, shape), shape, 'float32');
}

function product(t: Tracer, a: Operand, b: Operand, shape: readonly number[]): Value {
  const { graph } = t;
  if (!a.transposed && !b.transposed) return graph.op('MatMul', [a.value, b.value], 'float32', shape);
  if (shape.length === 2) {
    const attributes = { transA: Number(a.transposed), transB: Number(b.transposed) };
    return graph.op('Gemm', [a.value, b.value], 'float32', shape, attributes);
  }
  if (!t.target.portable) {
    const attributes = { transA: Number(a.transposed), transB: Number(b.transposed) };
    return graph.op('FusedMatMul', [a.value, b.value], 'float32', shape, attributes, 'com.microsoft');
  }
  const plain = ({ value, transposed }: Operand): Value => {
    if (!transposed) return value;
    const rank = value.shape.length;
    const order = [...identityLayout(rank - 2), rank - 1, rank - 2];
    return t.inLayout(t.tensor(value, value.shape, 'float32'), order);
  };
  return graph.op('MatMul', [plain(a), plain(b)], 'float32', shape);
}

export const matmulKernels: readonly Kernel[] = [
  kernel('BatchMatMul', 'MatMul, Gemm or FusedMatMul', ({ t, input, attrs }) =>
    matmul(t, input('a'), input('b'), attrs['transposeA'] === true, attrs['transposeB'] === true),
  ),
  kernel('_FusedMatMul', 'MatMul or Gemm, Add, activation', ({ t, input, optional, attrs }) => {
    const raw = matmul(t, input('a'), input('b'), attrs['transposeA'] === true, attrs['transposeB'] === true);
    const bias = optional('bias');
    const sum = bias === null ? raw : t.binary('Add', raw, bias);
    const alpha = (attrs['leakyreluAlpha'] as number | undefined) ?? 0.2;
    return activate(t, sum, attrs['activation'] as string, optional('preluActivationWeights'), alpha);
  }),
  kernel('Einsum', 'Einsum', ({ t, list, attrs }) => {
    const equation = attrs['equation'] as string;
    const values = list.map((x) => t.logical(x));
    const sizes = new Map<string, number>();
    for (const [i, term] of equation.replaceAll(' ', '').split('->')[0]!.split(',').entries()) {
      Array.from(term).forEach((letter, axis) => sizes.set(letter, list[i]!.shape[axis]!));
    }
    const shape = Array.from(equation.replaceAll(' ', '').split('->')[1]!, (letter) => sizes.get(letter)!);
    return t.tensor(t.graph.op('Einsum', values, 'float32', shape, { equation }), shape, 'float32');
  }),
];
