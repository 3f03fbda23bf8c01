import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import * as tf from '@tensorflow/tfjs-core';

type Program = Parameters<WebGPUBackend['runWebGPUProgram']>[0];
type Runner = Pick<WebGPUBackend, 'disposeData' | 'runWebGPUProgram'>;

/** Side of the tile of weights that a workgroup computes, and how many pixels it adds at a time. */
const TILE = 32;
const DEPTH = 16;
/** Workgroups that fill a large GPU, and fewest pixels for each: below that, splitting costs more than it gains. */
const WORKGROUPS = 512;
const LEAST_PIXELS = 256;

const UNIFORMS = [
  'rows',
  'columns',
  'pixels',
  'perChunk',
  'outHeight',
  'outWidth',
  'inHeight',
  'inWidth',
  'inChannels',
  'filterWidth',
  'strideHeight',
  'strideWidth',
  'top',
  'left',
] as const;

/**
 * ∂L/∂filter as an implicit matrix product: rows are (offset, input channel), columns are output channels, and the sum is
 * over the pixels of the whole batch. Workgroups sum chunks of pixels in parallel; the chunks are added up afterwards,
 * always in the same order.
 */
const SHADER = `
var<workgroup> xTile : array<f32, ${TILE * DEPTH}>;
var<workgroup> dyTile : array<f32, ${TILE * DEPTH}>;

fn main() {
  let firstRow = i32(workgroupId.y) * ${TILE};
  let firstColumn = i32(workgroupId.x) * ${TILE};
  let firstPixel = i32(workgroupId.z) * uniforms.perChunk;
  let endPixel = min(firstPixel + uniforms.perChunk, uniforms.pixels);
  let threadRow = i32(localId.y) * 4;
  let threadColumn = i32(localId.x) * 4;
  var sums : array<vec4<f32>, 4>;

  for (var done = 0; done < uniforms.perChunk; done = done + ${DEPTH}) {
    for (var i = i32(localIndex); i < ${TILE * DEPTH}; i = i + 64) {
      let pixel = firstPixel + done + i / ${TILE};
      let row = firstRow + i % ${TILE};
      let column = firstColumn + i % ${TILE};
      var xValue = 0.0;
      var dyValue = 0.0;
      if (pixel < endPixel) {
        if (column < uniforms.columns) {
          dyValue = dy[pixel * uniforms.columns + column];
        }
        if (row < uniforms.rows) {
          let offset = row / uniforms.inChannels;
          let line = pixel / uniforms.outWidth;
          let h = (line % uniforms.outHeight) * uniforms.strideHeight - uniforms.top + offset / uniforms.filterWidth;
          let w = (pixel % uniforms.outWidth) * uniforms.strideWidth - uniforms.left + offset % uniforms.filterWidth;
          if (h >= 0 && h < uniforms.inHeight && w >= 0 && w < uniforms.inWidth) {
            let image = line / uniforms.outHeight;
            xValue = x[((image * uniforms.inHeight + h) * uniforms.inWidth + w) * uniforms.inChannels
                       + row % uniforms.inChannels];
          }
        }
      }
      xTile[i] = xValue;
      dyTile[i] = dyValue;
    }
    workgroupBarrier();
    for (var k = 0; k < ${DEPTH}; k = k + 1) {
      let at = k * ${TILE};
      let dyPart = vec4<f32>(dyTile[at + threadColumn], dyTile[at + threadColumn + 1],
                             dyTile[at + threadColumn + 2], dyTile[at + threadColumn + 3]);
      for (var r = 0; r < 4; r = r + 1) {
        sums[r] = sums[r] + xTile[at + threadRow + r] * dyPart;
      }
    }
    workgroupBarrier();
  }

  for (var r = 0; r < 4; r = r + 1) {
    let row = firstRow + threadRow + r;
    if (row < uniforms.rows) {
      for (var c = 0; c < 4; c = c + 1) {
        let column = firstColumn + threadColumn + c;
        if (column < uniforms.columns) {
          result[(i32(workgroupId.z) * uniforms.rows + row) * uniforms.columns + column] = sums[r][c];
        }
      }
    }
  }
}
`;

/** Puts a kernel in the place of tfjs's, which gives one thread per weight the whole batch to sum. */
export function registerFilterGradient(): void {
  tf.unregisterKernel('Conv2DBackpropFilter', 'webgpu');
  tf.registerKernel({
    kernelName: 'Conv2DBackpropFilter',
    backendName: 'webgpu',
    kernelFunc: ({ inputs, backend, attrs }) => {
      const { x, dy } = inputs as unknown as Record<'x' | 'dy', tf.TensorInfo>;
      return filterGradient(backend as Runner, x, dy, attrs as unknown as tf.Conv2DBackpropFilterAttrs);
    },
  });
}

function filterGradient(
  backend: Runner,
  x: tf.TensorInfo,
  dy: tf.TensorInfo,
  { strides, pad, dimRoundingMode, filterShape }: tf.Conv2DBackpropFilterAttrs,
): tf.TensorInfo {
  const shape = x.shape as [number, number, number, number];
  const info = tf.backend_util.computeConv2DInfo(shape, filterShape, strides, 1, pad, dimRoundingMode);
  const rows = info.filterHeight * info.filterWidth * info.inChannels;
  const columns = info.outChannels;
  const pixels = info.batchSize * info.outHeight * info.outWidth;
  const [across, down] = [Math.ceil(columns / TILE), Math.ceil(rows / TILE)];
  const most = Math.min(Math.ceil(WORKGROUPS / (across * down)), Math.ceil(pixels / LEAST_PIXELS));
  const perChunk = Math.ceil(pixels / most / DEPTH) * DEPTH;
  const chunks = Math.ceil(pixels / perChunk);
  const { top, left } = info.padInfo;
  const values: Readonly<Record<(typeof UNIFORMS)[number], number>> = {
    ...info,
    rows,
    columns,
    pixels,
    perChunk,
    top,
    left,
  };
  const program: Program = {
    variableNames: ['x', 'dy'],
    uniforms: UNIFORMS.map((name) => `${name} : i32,`).join(' '),
    outputShape: [chunks, rows, columns],
    workgroupSize: [8, 8, 1],
    dispatchLayout: { x: [2], y: [1], z: [0] },
    dispatch: [across, down, chunks],
    shaderKey: 'filterGradientByChunks',
    getUserCode: () => SHADER,
  };
  const partial = backend.runWebGPUProgram(
    program,
    [x, dy],
    'float32',
    UNIFORMS.map((name) => ({ type: 'int32', data: [values[name]] })),
  );
  const run = (kernelName: string, input: tf.TensorInfo, attrs: object): tf.TensorInfo => {
    const { kernelFunc } = tf.getKernel(kernelName, 'webgpu');
    const output = kernelFunc({
      inputs: { x: input },
      backend,
      attrs: attrs as tf.NamedAttrMap,
    }) as tf.TensorInfo;
    backend.disposeData(input.dataId);
    return output;
  };
  const summed = chunks === 1 ? partial : run('Sum', partial, { axis: [0], keepDims: false });
  return run('Reshape', summed, { shape: filterShape });
}
