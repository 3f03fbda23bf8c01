import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { AncError } from '../errors/error.js';
import { sizeOf, specOf, type HostTensor, type LeafSpec, type Tree } from '../tree/tree.js';

/** Copies a host tensor to the active tfjs backend; bytes become float32. */
export const toTensor = ({ shape, data }: HostTensor): Tensor =>
  data instanceof Int32Array
    ? tf.tensor(data.slice(), [...shape], 'int32')
    : tf.tensor(data instanceof Uint8Array ? Float32Array.from(data) : data.slice(), [...shape], 'float32');

/** Copies a tensor to the host; booleans become 0 and 1. */
export async function toHost(tensor: Tensor): Promise<HostTensor> {
  const data = await tensor.data();
  return {
    shape: [...tensor.shape],
    data: tensor.dtype === 'float32' ? Float32Array.from(data) : Int32Array.from(data),
  };
}

const describe = ({ shape, dtype }: LeafSpec): string => `${dtype} [${shape.join(', ')}]`;

/** Throws `ANC_FEED` where an entry of `spec` is missing from `given`, or has another shape or type. */
export function assertFeed(what: string, given: Tree<HostTensor>, spec: Tree<LeafSpec>): void {
  for (const [name, wanted] of Object.entries(spec)) {
    const host = given[name];
    if (host === undefined) {
      throw new AncError('ANC_FEED', `${what} "${name}" is missing.`, { expected: describe(wanted) });
    }
    const received = specOf(host);
    if (describe(received) !== describe(wanted) || host.data.length !== sizeOf(wanted.shape)) {
      throw new AncError('ANC_FEED', `${what} "${name}" is not of the shape and type that was compiled.`, {
        expected: describe(wanted),
        received: `${describe(received)} with ${host.data.length} elements`,
      });
    }
  }
}
