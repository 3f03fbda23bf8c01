/**
 * What float16 must keep on a GPU: the backend contract with wider limits, and of single products that their operands are rounded
 * to float16, that powers of two change nothing but the exponent of results, and that what is not finite stays so.
 */
import { openWebgpu } from '@anc/backend-webgpu';
import * as tf from '@tensorflow/tfjs-core';
import { reportContract } from '../contract/report.mjs';

/** Relative errors: float16 has 11 bits. Updates: an eighth of what bfloat16 is allowed, which has 8, and room for Adam's quotients. */
const LIMITS = { operationLimit: 2e-3, updateLimit: 0.1 };

const FLOAT16 = { precision: 'float16', trainingPrecision: 'float16' };

/** Products of every kind, of two operands; the shapes are those of operands, which tiles do not divide. */
const PRODUCTS = {
  'a matrix product': [[37, 50], [50, 35], (a, b) => tf.matMul(a, b)],
  'a convolution': [[2, 7, 9, 5], [3, 3, 5, 34], (a, b) => tf.conv2d(a, b, 2, 'same')],
  'the gradient of a convolution by its input': [
    [2, 4, 5, 34],
    [3, 3, 5, 34],
    (a, b) => tf.grad((x) => tf.conv2d(x, b, 2, 'same'))(tf.zeros([2, 7, 9, 5]), a),
  ],
  'the gradient of a convolution by its filter': [
    [2, 7, 9, 5],
    [2, 4, 5, 34],
    (a, b) => tf.grad((w) => tf.conv2d(a, w, 2, 'same'))(tf.zeros([3, 3, 5, 34]), b),
  ],
};

const sines = (shape, phase, factor) => {
  const size = shape.reduce((n, side) => n * side, 1);
  return {
    shape,
    data: Float32Array.from({ length: size }, (_, i) => factor * Math.sin(1.7 * i * i + phase)),
  };
};

async function valueOf(backend, [aShape, bShape, product], [aFactor, bFactor]) {
  const [a, b] = [sines(aShape, 1, aFactor), sines(bShape, 2, bFactor)];
  const inputs = {
    a: { shape: aShape, dtype: 'float32' },
    b: { shape: bShape, dtype: 'float32' },
  };
  const f = await backend.compileFunction((t) => ({ value: product(t.a, t.b) }), {
    id: 'float16: product',
    inputs,
  });
  const { value } = await f.run({ a, b });
  await f.dispose();
  return value.data;
}

/** Powers of two far outside of float16's range, also of its products. */
const FACTORS = [
  [2 ** -60, 1],
  [1, 2 ** 50],
  [2 ** 40, 2 ** -70],
];

/** What is wrong with the products of the two backends: a list of sentences. */
async function faultsOf(half, single) {
  const faults = [];
  for (const [name, product] of Object.entries(PRODUCTS)) {
    const [rounded, exact] = [await valueOf(half, product, [1, 1]), await valueOf(single, product, [1, 1])];
    const largest = Math.max(...exact.map(Math.abs));
    const error = Math.max(...rounded.map((x, i) => Math.abs(x - exact[i]))) / largest;
    if (!(error > 1e-5 && error < 1e-3)) faults.push(`${name}: relative error ${error}, not that of float16`);
    for (const factors of FACTORS) {
      const scaled = await valueOf(half, product, factors);
      const back = factors[0] * factors[1];
      if (scaled.some((x, i) => x !== Math.fround(rounded[i] * back))) {
        faults.push(`${name}: operands times ${factors.join(' and ')} give other bits`);
      }
    }
    const infinite = await valueOf(half, product, [Infinity, 1]);
    if (infinite.every(Number.isFinite)) faults.push(`${name}: infinite operands give finite results`);
  }
  return faults;
}

/** Prints what it finds and sets the exit code. `without`: parts of the names of contract tests that are left out. */
export async function reportFloat16(without) {
  await reportContract('webgpu in float16', () => openWebgpu(FLOAT16), LIMITS, without);
  const [half, single] = [await openWebgpu(FLOAT16), await openWebgpu()]; // one device, two precisions
  const faults = await faultsOf(half, single);
  await half.dispose();
  await single.dispose();
  for (const fault of faults) console.log(`FAILED ${fault}`);
  if (faults.length > 0) process.exitCode = 1;
  else
    console.log(
      `products of float16: right, whatever the scale of operands (${Object.keys(PRODUCTS).length} kinds)`,
    );
}
