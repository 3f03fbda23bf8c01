import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { HostTensor } from '../tree/tree.js';

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
