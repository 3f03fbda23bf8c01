import * as tf from '@tensorflow/tfjs-core';
import { runProgram, type Runner } from './runner.js';

/** Threads of a workgroup, elements that one workgroup takes at least, and most workgroups of the first pass. */
const THREADS = 256;
const LEAST = 4096;
const MOST_GROUPS = 256;

/**
 * The largest |x| goes to [2^14, 2^15): below float16's largest number, 65504, also after it is rounded. Numbers 2^28 times
 * smaller still have all the bits of float16.
 */
const EXPONENT = 14;
/** Of a float32's bits. */
const BIAS = 127;

const shaderOf = (isLast: boolean): string => `
var<workgroup> largest : array<f32, ${THREADS}>;

fn main(index : i32) {
  let thread = i32(localIndex);
  var most = 0.0;
  for (var i = index; i < uniforms.elements; i = i + uniforms.threads) {
    let value = abs(x[i]);
    if (value > most) {
      most = value;
    }
  }
  largest[thread] = most;
  workgroupBarrier();
  for (var stride = ${THREADS / 2}; stride > 0; stride = stride / 2) {
    if (thread < stride) {
      largest[thread] = max(largest[thread], largest[thread + stride]);
    }
    workgroupBarrier();
  }
  if (thread == 0) {
    ${
      isLast
        ? `let exponent = i32(bitcast<u32>(largest[0]) >> 23u);
    let scale = min(${2 * BIAS + EXPONENT} - exponent, ${2 * BIAS - 1});
    result[0] = bitcast<f32>(u32(scale) << 23u);
    result[1] = bitcast<f32>(u32(${2 * BIAS} - scale) << 23u);`
        : `result[index / ${THREADS}] = largest[0];`
    }
  }
}
`;

/**
 * The power of two by which a tensor is multiplied before it is rounded to float16, and its reciprocal: [2]. A function of
 * the largest |x| alone, so that it does not depend on the order of reading. Infinities give a finite scale, NaN none of its own:
 * products of both are what they are in float32.
 */
export function scaleOf(backend: Runner, x: tf.TensorInfo): tf.TensorInfo {
  const elements = tf.util.sizeFromShape(x.shape);
  const pass = (input: tf.TensorInfo, size: number, groups: number, isLast: boolean): tf.TensorInfo =>
    runProgram(
      backend,
      {
        variableNames: ['x'],
        outputShape: [isLast ? 2 : groups],
        workgroupSize: [THREADS, 1, 1],
        dispatchLayout: { x: [0] },
        dispatch: [groups, 1, 1],
        shaderKey: `scale:${isLast ? 'last' : 'first'}`,
        getUserCode: () => shaderOf(isLast),
      },
      [input],
      { elements: size, threads: groups * THREADS },
    );
  const groups = Math.min(MOST_GROUPS, Math.ceil(elements / LEAST));
  if (groups <= 1) return pass(x, elements, 1, true);
  const partial = pass(x, elements, groups, false);
  const scale = pass(partial, groups, 1, true);
  backend.disposeData(partial.dataId);
  return scale;
}
