import { sizeOf } from '@anc/core';
import { ELEMENT, graphOf, type ModelProto, type NodeProto, type TensorProto } from './proto.js';

/** A model's constants by name, and how often each value is read. */
export class Constants {
  readonly #tensors: Map<string, TensorProto>;
  readonly #readers = new Map<string, number>();

  constructor(readonly model: ModelProto) {
    const graph = graphOf(model);
    this.#tensors = new Map(graph.initializer.map((tensor) => [tensor.name ?? '', tensor]));
    const names = [
      ...graph.node.flatMap(({ input }) => input ?? []),
      ...graph.output.map(({ name }) => name ?? ''),
    ];
    for (const name of names) this.#readers.set(name, (this.#readers.get(name) ?? 0) + 1);
  }

  tensor(name: string): TensorProto | undefined {
    return this.#tensors.get(name);
  }

  /** The numbers of a float32 constant; null if `name` is none. */
  floats(name: string | undefined): { readonly data: Float32Array; readonly dims: readonly number[] } | null {
    const tensor = this.#tensors.get(name ?? '');
    if (tensor?.dataType !== ELEMENT.float32) return null;
    const dims = (tensor.dims ?? []).map(Number);
    const raw = tensor.rawData;
    const data =
      raw && raw.length > 0
        ? new Float32Array(new Uint8Array(raw).buffer) // a copy, aligned
        : Float32Array.from(tensor.floatData ?? []);
    return data.length === sizeOf(dims) ? { data, dims } : null;
  }

  /** The integers of an int64 constant, such as a shape; null if `name` is none. */
  sizes(name: string | undefined): readonly number[] | null {
    const tensor = this.#tensors.get(name ?? '');
    if (tensor?.dataType !== ELEMENT.int64) return null;
    const raw = tensor.rawData;
    return raw && raw.length > 0
      ? Array.from(new BigInt64Array(new Uint8Array(raw).buffer), Number)
      : (tensor.int64Data ?? []).map(Number);
  }

  /** How many nodes and outputs read a value. */
  readersOf(name: string): number {
    return this.#readers.get(name) ?? 0;
  }
}

/** A list of integers among a node's attributes; null if there is none of this name. */
export const integersOf = ({ attribute }: NodeProto, name: string): number[] | null => {
  const found = attribute?.find((one) => one.name === name);
  return found === undefined ? null : (found.ints ?? []).map(Number);
};

export const numberOf = ({ attribute }: NodeProto, name: string, fallback: number): number => {
  const found = attribute?.find((one) => one.name === name);
  return found === undefined ? fallback : Number(found.f ?? found.i ?? fallback);
};

/** Removes constants that nothing reads. */
export function dropUnread(model: ModelProto): void {
  const graph = graphOf(model);
  const read = new Set([
    ...graph.node.flatMap(({ input }) => input ?? []),
    ...graph.output.map(({ name }) => name),
  ]);
  graph.initializer = graph.initializer.filter(({ name }) => read.has(name));
}
