import { AncError, permuted, sizeOf, specOf, type HostTensor, type LeafSpec, type Tree } from '@anc/core';
import type { SerializedTensor, SerializedTensors } from './engine/protocol.js';
import { sameShape } from './graph/graph.js';
import { physicalShape } from './lower/traced-tensor.js';
import { stateLayout } from './trace/inputs.js';

/** A state entry as it lies where steps run. */
export function toStateWire({ shape, data }: HostTensor): SerializedTensor {
  const layout = stateLayout(shape);
  const type = specOf({ shape, data }).dtype;
  return { type, shape: physicalShape(shape, layout), data: permuted(data, shape, layout) };
}

/** A state entry as the host knows it. */
export function fromStateWire({ shape, data }: SerializedTensor): HostTensor {
  const layout = stateLayout(shape);
  const back = layout.map((_, axis) => layout.indexOf(axis));
  return { shape: physicalShape(shape, back), data: permuted(data, shape, back) };
}

export const toWire = (host: HostTensor): SerializedTensor => ({
  type: specOf(host).dtype,
  shape: host.shape,
  data: host.data,
});

/** Checks names, shapes and types of what a call is given. Throws `ANC_FEED`. */
export function checkedWires(what: string, given: Tree<HostTensor>, spec: Tree<LeafSpec>): SerializedTensors {
  const wires: Record<string, SerializedTensor> = {};
  for (const [name, { shape, dtype }] of Object.entries(spec)) {
    const host = given[name];
    if (host === undefined) {
      throw new AncError('ANC_FEED', `${what} "${name}" is missing.`, {
        expected: `${dtype} [${shape.join(', ')}]`,
      });
    }
    const received = specOf(host);
    if (!sameShape(shape, received.shape) || dtype !== received.dtype || host.data.length !== sizeOf(shape)) {
      throw new AncError('ANC_FEED', `${what} "${name}" is not what was compiled for.`, {
        expected: `${dtype} [${shape.join(', ')}]`,
        received: `${received.dtype} [${received.shape.join(', ')}] with ${host.data.length} elements`,
      });
    }
    wires[name] = toWire(host);
  }
  return wires;
}
