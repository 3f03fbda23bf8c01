import type { Attributes, ElementArray, ElementType, Graph, NamedValue, Value } from '@anc/compiler';
import { reachable } from '@anc/compiler/worker';

/** A value of a flat graph: what computes it stands in the list of nodes. */
export interface FlatValue {
  readonly type: Exclude<ElementType, 'float16'>;
  readonly shape: readonly number[];
  /** What a constant holds; null for any other value. */
  readonly data: ElementArray | null;
  /** Whether a convolution makes or reads it as an image, and else only kernels read it; see `Builder.storedAs`. */
  readonly isImage: boolean;
}

/** One operation; inputs and outputs are places in the list of values. An input of null is an optional one left out. */
export interface FlatNode {
  readonly op: string;
  readonly attributes: Attributes;
  readonly inputs: readonly (number | null)[];
  readonly outputs: readonly number[];
}

/** A named input or output. */
export interface FlatPort {
  readonly name: string;
  readonly value: number;
}

/** A graph without references from values to nodes, which can be sent to a thread. Nodes are in topological order. */
export interface FlatGraph {
  readonly values: readonly FlatValue[];
  readonly nodes: readonly FlatNode[];
  readonly inputs: readonly FlatPort[];
  readonly outputs: readonly FlatPort[];
}

/**
 * The part of a graph that the outputs need, and all of its inputs.
 *
 * @param images numbers of the values of a step that are images of convolutions
 */
export function flatten(
  graph: Graph,
  outputs: readonly NamedValue[],
  images: ReadonlySet<number> = new Set(),
): FlatGraph {
  const places = new Map<Value, number>();
  const values: FlatValue[] = [];
  const place = (value: Value): number => {
    const known = places.get(value);
    if (known !== undefined) return known;
    const { id, type, shape, source } = value;
    if (type === 'float16') throw new Error('no graph for oneDNN has values of float16');
    places.set(value, values.length);
    values.push({
      type,
      shape,
      data: source.kind === 'constant' ? source.data : null,
      isImage: source.kind === 'node' && images.has(id),
    });
    return values.length - 1;
  };
  const needed = reachable(
    graph,
    outputs.map(({ value }) => value),
  );
  return {
    nodes: needed.map(({ op, attributes, inputs, outputs }) => ({
      op,
      attributes,
      inputs: inputs.map((input) => (input === null ? null : place(input))),
      outputs: outputs.map(place),
    })),
    inputs: [...graph.inputs].map(([name, value]) => ({ name, value: place(value) })),
    outputs: outputs.map(({ name, value }) => ({ name, value: place(value) })),
    values,
  };
}

/** An integer attribute. */
export const integer = ({ attributes }: FlatNode, name: string, otherwise: number): number =>
  (attributes[name] as number | undefined) ?? otherwise;

/** A list of integers. */
export const integers = ({ attributes }: FlatNode, name: string): readonly number[] =>
  (attributes[name] as readonly number[] | undefined) ?? [];

/** A number with a fraction. */
export const fraction = ({ attributes }: FlatNode, name: string, otherwise: number): number =>
  (attributes[name] as { readonly float: number } | undefined)?.float ?? otherwise;
