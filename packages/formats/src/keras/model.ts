import type { HostTensor } from '@anc/core';

/** A layer of a Keras model. */
export interface KerasModelLayer {
  /** Unique in its model. */
  readonly name: string;
  /** A class of `keras.layers`. */
  readonly className: string;
  /** Its arguments, by Keras's names. Arguments that are left out have Keras's defaults. */
  readonly config: Readonly<Record<string, unknown>>;
  /** The layers whose outputs it takes. */
  readonly inputs: readonly KerasModelLayer[];
  /** Shape of its output, without the batch. */
  readonly shape: readonly number[];
  /** In Keras's order. */
  readonly variables: readonly HostTensor[];
}

/** A functional Keras model: one input, one or more outputs. */
export interface KerasModel {
  /** Name of the model. */
  readonly name: string;
  /** The layer at its input. */
  readonly input: KerasModelLayer;
  /** The layers at its outputs, in order. */
  readonly outputs: readonly KerasModelLayer[];
}

/** All layers that the outputs depend on, each after its inputs. */
export function layersBefore(outputs: readonly KerasModelLayer[]): KerasModelLayer[] {
  const placed = new Set<KerasModelLayer>();
  const stack = [...outputs].reverse();
  for (let layer = stack.at(-1); layer !== undefined; layer = stack.at(-1)) {
    const missing = layer.inputs.filter((each) => !placed.has(each));
    if (missing.length > 0) {
      stack.push(...missing.reverse()); // not recursive, for deep networks
      continue;
    }
    stack.pop();
    placed.add(layer);
  }
  return [...placed];
}

/**
 * The layers in the order in which Keras builds the model, by which it finds their weights: those farthest from an
 * output first, and at the same distance in the order of a walk back from the outputs.
 */
export function inKerasOrder({ outputs }: KerasModel): KerasModelLayer[] {
  const depths = new Map<KerasModelLayer, number>();
  for (const layer of layersBefore(outputs).reverse()) {
    const depth = depths.get(layer) ?? 0;
    depths.set(layer, depth);
    for (const each of layer.inputs) depths.set(each, Math.max(depths.get(each) ?? 0, depth + 1));
  }
  const visited = new Set<KerasModelLayer>();
  const stack = [...outputs].reverse();
  for (let layer = stack.pop(); layer !== undefined; layer = stack.pop()) {
    if (visited.has(layer)) continue;
    visited.add(layer);
    stack.push(...[...layer.inputs].reverse());
  }
  return [...visited].sort((a, b) => depths.get(b)! - depths.get(a)!); // stable: at the same depth in the order of the walk
}
