import { AncError, type HostTensor } from '@anc/core';
import { snakeCase, type KerasModelLayer } from '@anc/formats';
import type { Constant, GraphNode, Recorded } from '../graph-model/node.js';

/** What becomes of one operation of TensorFlow's, which makes a tensor of `shape` (the batch first). */
export type Converter = (node: GraphNode, shape: readonly number[], model: Assembly) => KerasModelLayer;

/** A layer that is being added. */
export interface NewLayer extends Pick<KerasModelLayer, 'className' | 'inputs' | 'shape'> {
  readonly config?: KerasModelLayer['config'];
  readonly variables?: readonly Recorded[];
  /** Where it is not its first variable's. */
  readonly name?: string;
}

/** The layers of a Keras model while a recorded function is turned into them, operation by operation. */
export class Assembly {
  readonly #layers = new Map<GraphNode, KerasModelLayer>();
  readonly #takers: ReadonlyMap<GraphNode, number>;
  readonly #taken = new Set<string>();

  /** `takers`: how many operations and outputs take what an operation makes. */
  constructor(takers: ReadonlyMap<GraphNode, number>) {
    this.#takers = takers;
  }

  /** The layer that makes a tensor. Throws `ANC_EXPORT` on a constant. */
  of({ source }: Recorded): KerasModelLayer {
    const layer = source.kind === 'node' ? this.#layers.get(source) : undefined;
    if (layer === undefined) throw inexpressible('what is computed of weights alone');
    return layer;
  }

  set(node: GraphNode, layer: KerasModelLayer): void {
    this.#layers.set(node, layer);
  }

  /** Whether one operation alone takes a tensor. */
  isTakenOnce({ source }: Recorded): boolean {
    return source.kind === 'node' && this.#takers.get(source) === 1;
  }

  /** A layer under a name of its own. Throws `ANC_EXPORT` on weights that are computed or no floats. */
  layer({ className, inputs, shape, config = {}, variables = [], name }: NewLayer): KerasModelLayer {
    if (inputs.some((each) => each.className === LOWEST))
      throw inexpressible('padding with other than zeros');
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

/** Class of what stands for the lowest values around an image, until a pooling takes them. */
export const LOWEST = 'lowest values around';

/** The numbers of a constant; null where a tensor is none. */
export const constantOf = ({ source }: Recorded): Constant | null =>
  source.kind === 'constant' ? source : null;

/** Weights, which Keras keeps in its layers. */
export function numbersOf(recorded: Recorded): HostTensor {
  const values = constantOf(recorded)?.values;
  if (!(values instanceof Float32Array)) throw inexpressible('weights that are computed or are no floats');
  return { shape: recorded.shape, data: values };
}

/** `params/stage1/conv/weights` -> `stage1_conv`: names of layers have no slashes, and in PyTorch no dots. */
function layerOf(variable: Recorded): string {
  const path = constantOf(variable)?.name?.split('/').slice(1, -1) ?? [];
  return path.length === 0 ? 'layer' : path.join('_').replaceAll('.', '_');
}

export const inexpressible = (what: string): AncError =>
  new AncError('ANC_EXPORT', `${what} cannot be expressed by layers of Keras here.`, {
    hint: 'export the network as ONNX, safetensors or tfjs.',
  });
