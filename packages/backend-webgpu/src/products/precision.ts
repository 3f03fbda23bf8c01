import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { Runner } from './runner.js';
import { scaleOf } from './scale.js';

/** Scales of operands, each computed once while its tensor is used by one step or function. */
class Scales {
  readonly #known = new Map<object, TensorInfo>();
  #backend: Runner | null = null;

  of(backend: Runner, x: TensorInfo): TensorInfo {
    this.#backend = backend;
    const known = this.#known.get(x.dataId) ?? scaleOf(backend, x);
    this.#known.set(x.dataId, known);
    return known;
  }

  dispose(): void {
    for (const { dataId } of this.#known.values()) this.#backend!.disposeData(dataId);
  }
}

let scales: Scales | null = null;

/** The scales of operands while products are computed in float16, else null. */
export const halfPrecision = (): Pick<Scales, 'of'> | null => scales;

/** Computes with operands of float16 in convolutions and matrix products. `compute` must be synchronous. */
export function inHalfPrecision<T>(compute: () => T): T {
  const own = new Scales();
  scales = own;
  try {
    return compute();
  } finally {
    scales = null;
    own.dispose();
  }
}
