import { AncError, sizeOf, specOf, type Host, type LeafSpec, type Tree } from '@anc/core';
import type { Wire, Wires } from './engine/protocol.js';
import { sameShape } from './graph/graph.js';
import { stateLayout } from './trace/inputs.js';
import { isIdentity, physicalShape } from './trace/symbol.js';

type HostArray = Host['data'];

/** Copies elements so that output axis i is input axis `order[i]`. */
function permuted(data: HostArray, shape: readonly number[], order: readonly number[]): HostArray {
  const strides = shape.map((_, axis) => sizeOf(shape.slice(axis + 1)));
  const sizes = order.map((axis) => shape[axis]!);
  const steps = order.map((axis) => strides[axis]!);
  const out = data.slice();
  const index = new Array<number>(shape.length).fill(0);
  let from = 0;
  for (let to = 0; to < out.length; to++) {
    out[to] = data[from]!;
    for (let axis = sizes.length - 1; axis >= 0; axis--) {
      from += steps[axis]!;
      if (++index[axis]! < sizes[axis]!) break;
      from -= steps[axis]! * sizes[axis]!;
      index[axis] = 0;
    }
  }
  return out;
}

/** A state entry as it lies where steps run. */
export function toStateWire({ shape, data }: Host): Wire {
  const layout = stateLayout(shape);
  const type = specOf({ shape, data }).dtype;
  const memory = isIdentity(layout) ? data : permuted(data, shape, layout);
  return { type, shape: physicalShape(shape, layout), data: memory };
}

/** A state entry as the host knows it. */
export function fromStateWire({ shape, data }: Wire): Host {
  const layout = stateLayout(shape);
  if (isIdentity(layout)) return { shape, data };
  const back = layout.map((_, axis) => layout.indexOf(axis));
  return { shape: physicalShape(shape, back), data: permuted(data, shape, back) };
}

export const toWire = (host: Host): Wire => ({
  type: specOf(host).dtype,
  shape: host.shape,
  data: host.data,
});

/** Checks names, shapes and types of what a call is given. Throws `ANC_FEED`. */
export function checkedWires(what: string, given: Tree<Host>, spec: Tree<LeafSpec>): Wires {
  const wires: Record<string, Wire> = {};
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
