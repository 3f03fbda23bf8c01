import type { TensorInfo } from '@tensorflow/tfjs-core';
import { halfPrecision } from './precision.js';
import { runProgram, type Runner } from './runner.js';

/** Side of the tile that a workgroup computes, and how many terms of its sums it adds at a time. */
export const TILE = 32;
export const DEPTH = 16;
const THREADS = 64;

/** Σ a(row, k) · b(k, column), for several parts: matrices of a batch, or chunks of the sum. */
export interface Product {
  /** Identifies `code` and the directions: pipelines are cached by it. */
  readonly key: string;
  readonly parts: number;
  readonly rows: number;
  readonly columns: number;
  /** Terms of the whole sum. */
  readonly depth: number;
  /** Terms that one part adds, where each has a chunk of them; left out, every part adds all. */
  readonly perChunk?: number;
  /**
   * WGSL of `fn valueOfA(part : i32, row : i32, k : i32) -> f32` and `fn valueOfB(part : i32, k : i32, column : i32) -> f32`,
   * which read `a`, `b` and the uniforms.
   */
  readonly code: string;
  readonly uniforms: Readonly<Record<string, number>>;
  /** Whether neighbours in memory have neighbouring k, else rows or columns: threads read neighbours. */
  readonly alongK: { readonly a: boolean; readonly b: boolean };
}

/** Reads a tile into `name`, whose place is k · TILE + side. */
const fill = (
  name: 'a' | 'b',
  side: 'row' | 'column',
  call: string,
  isAlongK: boolean,
  isHalf: boolean,
): string => `
    for (var i = thread; i < ${TILE * DEPTH}; i = i + ${THREADS}) {
      let inK = ${isAlongK ? `i % ${DEPTH}` : `i / ${TILE}`};
      let inSide = ${isAlongK ? `i / ${DEPTH}` : `i % ${TILE}`};
      let k = first + done + inK;
      let ${side} = ${side === 'row' ? 'firstRow' : 'firstColumn'} + inSide;
      var value = 0.0;
      if (k < end && ${side} < uniforms.${side}s) {
        value = ${call};
      }
      ${name}Tile[inK * ${TILE} + inSide] = ${isHalf ? `f16(value * ${name}Scale[0])` : 'value'};
    }`;

const shaderOf = ({ code, alongK }: Product, isHalf: boolean): string => {
  const element = isHalf ? 'f16' : 'f32';
  return `
var<workgroup> aTile : array<${element}, ${TILE * DEPTH}>;
var<workgroup> bTile : array<${element}, ${TILE * DEPTH}>;
${code}
fn main(index : i32) {
  let thread = i32(localIndex);
  let tile = index / ${THREADS};
  let firstColumn = (tile % uniforms.across) * ${TILE};
  let firstRow = ((tile / uniforms.across) % uniforms.down) * ${TILE};
  let part = tile / (uniforms.across * uniforms.down);
  let first = part * uniforms.chunkStep;
  let end = min(first + uniforms.perChunk, uniforms.depth);
  let threadRow = (thread / ${TILE / 4}) * 4;
  let threadColumn = (thread % ${TILE / 4}) * 4;
  var sums : array<vec4<f32>, 4>;

  for (var done = 0; done < uniforms.perChunk; done = done + ${DEPTH}) {
    ${fill('a', 'row', 'valueOfA(part, row, k)', alongK.a, isHalf)}
    ${fill('b', 'column', 'valueOfB(part, k, column)', alongK.b, isHalf)}
    workgroupBarrier();
    for (var k = 0; k < ${DEPTH}; k = k + 1) {
      let at = k * ${TILE};
      let right = vec4<f32>(vec4<${element}>(bTile[at + threadColumn], bTile[at + threadColumn + 1],
                                       bTile[at + threadColumn + 2], bTile[at + threadColumn + 3]));
      for (var r = 0; r < 4; r = r + 1) {
        sums[r] = sums[r] + f32(aTile[at + threadRow + r]) * right;
      }
    }
    workgroupBarrier();
  }

  for (var r = 0; r < 4; r = r + 1) {
    let row = firstRow + threadRow + r;
    if (part < uniforms.parts && row < uniforms.rows) {
      for (var c = 0; c < 4; c = c + 1) {
        let column = firstColumn + threadColumn + c;
        if (column < uniforms.columns) {
          result[(part * uniforms.rows + row) * uniforms.columns + column] =
            sums[r][c]${isHalf ? ' * aScale[1] * bScale[1]' : ''};
        }
      }
    }
  }
}
`;
};

/**
 * Computes a product of two tensors, [parts, rows, columns], in tiles. Sums are float32. In half precision operands are scaled by
 * powers of two, rounded to float16, and multiplied without a rounding of the product: 22 bits fit float32.
 */
export function tiledProduct(backend: Runner, product: Product, a: TensorInfo, b: TensorInfo): TensorInfo {
  const { key, parts, rows, columns, depth, perChunk, uniforms } = product;
  const scales = halfPrecision();
  const [across, down] = [Math.ceil(columns / TILE), Math.ceil(rows / TILE)];
  const operands = scales === null ? [a, b] : [a, b, scales.of(backend, a), scales.of(backend, b)];
  return runProgram(
    backend,
    {
      variableNames: ['a', 'b', 'aScale', 'bScale'].slice(0, operands.length),
      outputShape: [parts, rows, columns],
      workgroupSize: [THREADS, 1, 1],
      dispatchLayout: { x: [0, 1, 2] },
      dispatch: [across * down * parts, 1, 1],
      shaderKey: `product:${key}:${scales === null ? 'f32' : 'f16'}`,
      getUserCode: () => shaderOf(product, scales !== null),
    },
    operands,
    {
      ...uniforms,
      ...{ parts, rows, columns, depth, across, down },
      perChunk: perChunk ?? depth,
      chunkStep: perChunk ?? 0,
    },
  );
}
