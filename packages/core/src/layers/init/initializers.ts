import type { Rng } from '../../random/rng.js';
import { sizeOf, type HostTensor } from '../../tree/tree.js';

/** Draws one kernel. `fanIn` and `fanOut`: connections per output and per input unit. */
export type Initializer = (rng: Rng, shape: readonly number[], fanIn: number, fanOut: number) => HostTensor;

function normal(rng: Rng, shape: readonly number[], variance: number): HostTensor {
  const data = new Float32Array(sizeOf(shape));
  rng.fillNormal(data, Math.sqrt(variance));
  return { shape: [...shape], data };
}

/** Normal with variance 2 / fan-in, for layers followed by a ReLU (He et al. 2015, arXiv 1502.01852). */
export const heNormal: Initializer = (rng, shape, fanIn) => normal(rng, shape, 2 / fanIn);

/** Uniform in ±√(6 / (fan-in + fan-out)) (Glorot & Bengio 2010). */
export const glorotUniform: Initializer = (rng, shape, fanIn, fanOut) => {
  const limit = Math.sqrt(6 / (fanIn + fanOut));
  const data = new Float32Array(sizeOf(shape));
  for (let i = 0; i < data.length; i++) data[i] = limit * (2 * rng.uniform() - 1);
  return { shape: [...shape], data };
};

/** Normal with variance 2 / (fan-in + fan-out) (Glorot & Bengio 2010). */
export const glorotNormal: Initializer = (rng, shape, fanIn, fanOut) =>
  normal(rng, shape, 2 / (fanIn + fanOut));

/** Standard deviation of a standard normal distribution that is cut off at two. */
const TRUNCATED_DEVIATION = 0.8796256610342398;

/**
 * Normal with variance 1 / fan-in, without the values beyond two standard deviations (LeCun et al. 1998). TensorFlow
 * calls it variance scaling of scale 1; its official ResNets start from it.
 */
export const lecunNormal: Initializer = (rng, shape, fanIn) => {
  const data = new Float32Array(sizeOf(shape));
  const deviation = Math.sqrt(1 / fanIn) / TRUNCATED_DEVIATION;
  for (let i = 0; i < data.length; i++) {
    let value = rng.normal();
    while (Math.abs(value) > 2) value = rng.normal();
    data[i] = deviation * value;
  }
  return { shape: [...shape], data };
};

/** The initializers that options can name. */
export const INITIALIZERS = {
  'he-normal': heNormal,
  'glorot-uniform': glorotUniform,
  'glorot-normal': glorotNormal,
  'lecun-normal': lecunNormal,
} as const satisfies Record<string, Initializer>;

export type InitializerName = keyof typeof INITIALIZERS;
export const INITIALIZER_NAMES = Object.keys(INITIALIZERS) as [InitializerName, ...InitializerName[]];
