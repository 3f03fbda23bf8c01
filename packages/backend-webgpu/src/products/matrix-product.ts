import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { Runner } from './runner.js';
import { tiledProduct } from './tiled-product.js';

/** Matrices of a batch: how many, and their sides after transposition. */
export interface MatrixShapes {
  readonly aMatrices: number;
  readonly bMatrices: number;
  readonly rows: number;
  readonly columns: number;
  readonly depth: number;
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

/** The shapes of a · b, or null where batches are broadcast otherwise than one matrix to many. */
export function matrixShapes(
  a: readonly number[],
  b: readonly number[],
  transposeA: boolean,
  transposeB: boolean,
): MatrixShapes | null {
  const matrices = (shape: readonly number[]): number => shape.slice(0, -2).reduce((n, side) => n * side, 1);
  const [aMatrices, bMatrices] = [matrices(a), matrices(b)];
  const isSame = a.slice(0, -2).join() === b.slice(0, -2).join();
  if (!isSame && aMatrices !== 1 && bMatrices !== 1) return null;
  const [rows, depth] = transposeA ? [a.at(-1)!, a.at(-2)!] : [a.at(-2)!, a.at(-1)!];
  const columns = transposeB ? b.at(-2)! : b.at(-1)!;
  return { aMatrices, bMatrices, rows, columns, depth, transposeA, transposeB };
}

/** Products of the matrices of two batches, [matrices, rows, columns]. */
export function matrixProduct(
  backend: Runner,
  a: TensorInfo,
  b: TensorInfo,
  { aMatrices, bMatrices, rows, columns, depth, transposeA, transposeB }: MatrixShapes,
): TensorInfo {
  const code = `
fn valueOfA(part : i32, row : i32, k : i32) -> f32 {
  let first = (part % uniforms.aMatrices) * uniforms.rows * uniforms.depth;
  return a[first + ${transposeA ? 'k * uniforms.rows + row' : 'row * uniforms.depth + k'}];
}
fn valueOfB(part : i32, k : i32, column : i32) -> f32 {
  let first = (part % uniforms.bMatrices) * uniforms.depth * uniforms.columns;
  return b[first + ${transposeB ? 'column * uniforms.depth + k' : 'k * uniforms.columns + column'}];
}
`;
  return tiledProduct(
    backend,
    {
      key: `matrices${transposeA ? ' transposed' : ''} by${transposeB ? ' transposed' : ''}`,
      parts: Math.max(aMatrices, bMatrices),
      ...{ rows, columns, depth, code },
      uniforms: { aMatrices, bMatrices },
      alongK: { a: !transposeA, b: transposeB },
    },
    a,
    b,
  );
}
