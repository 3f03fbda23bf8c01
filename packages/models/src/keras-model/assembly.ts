import { AncError, type HostTensor } from '@anc/core';
import { snakeCase, type KerasModelLayer } from '@anc/formats';
import type { Constant, GraphNode, Recorded } from '../graph-model/node.js';

/** Converts a TensorFlow operation with an output of `shape` (the batch first) to a layer. */
export type Converter = (node: GraphNode, shape: readonly number[], model: Assembly) => KerasModelLayer;

/** A layer to add. */
export interface NewLayer extends Pick<KerasModelLayer, 'className' | 'inputs' | 'shape'> {
  readonly config?: KerasModelLayer['config'];
  readonly variables?: readonly Recorded[];
  /** If it does not follow from the first variable's name. */
  readonly name?: string;
}

/** The layers of a Keras model while a recorded function is converted, operation by operation. */
export class Assembly {
  readonly #layers = new Map<GraphNode, KerasModelLayer>();
  readonly #takers: ReadonlyMap<GraphNode, number>;
  readonly #taken = new Set<string>();

  /** @param takers the number of operations and outputs that use the result of each operation */
  constructor(takers: ReadonlyMap<GraphNode, number>) {
    this.#takers = takers;
  }

  /** The layer whose output a tensor is. Throws `ANC_EXPORT` for a constant. */
  of({ source }: Recorded): KerasModelLayer {
    const layer = source.kind === 'node' ? this.#layers.get(source) : undefined;
    if (layer === undefined) throw inexpressible('a value that is computed only from weights');
    return layer;
  }

  set(node: GraphNode, layer: KerasModelLayer): void {
    this.#layers.set(node, layer);
  }

  /** Whether exactly one operation uses a tensor. */
  isTakenOnce({ source }: Recorded): boolean {
    return source.kind === 'node' && this.#takers.get(source) === 1;
  }

  /** Adds a layer with a unique name. Throws `ANC_EXPORT` for weights that are computed or not float32. */
  layer({ className, inputs, shape, config = {}, variables = [], name }: NewLayer): KerasModelLayer {
    if (inputs.some((each) => each.className === LOWEST))
      throw inexpressible('padding with a value other than zero');
    const own = name ?? (variables[0] === undefined ? snakeCase(className) : layerOf(variables[0]));
    return { name: this.#free(own), className, config, inputs, shape, variables: variables.map(numbersOf) };
  }

  #free(wanted: string): string {
    let name = wanted;
    for (let i = 1; this.#taken.has(name); i++) name = `${wanted}_${i}`;
    this.#taken.add(name);
    return name;
  }
}

/** Class of a placeholder: padding with the lowest values, until a pooling layer absorbs it. */
export const LOWEST = 'lowest values around';

/** The constant of a tensor; null for a computed tensor. */
export const constantOf = ({ source }: Recorded): Constant | null =>
  source.kind === 'constant' ? source : null;

/** The values of a constant of floats, as Keras keeps them in its layers. */
export function numbersOf(recorded: Recorded): HostTensor {
  const values = constantOf(recorded)?.values;
  if (!(values instanceof Float32Array)) throw inexpressible('weights that are computed or are not float32');
  return { shape: recorded.shape, data: values };
}

/** `params/stage1/conv/weights` -> `stage1_conv`: layer names have no slashes, and in PyTorch no dots. */
function layerOf(variable: Recorded): string {
  const path = constantOf(variable)?.name?.split('/').slice(1, -1) ?? [];
  return path.length === 0 ? 'layer' : path.join('_').replaceAll('.', '_');
}

export const inexpressible = (what: string): AncError =>
  new AncError('ANC_EXPORT', `${what} cannot be expressed by Keras layers.`, {
    hint: 'export the network as ONNX, safetensors or tfjs.',
  });
