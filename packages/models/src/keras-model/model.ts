import type { HostTensor } from '@anc/core';

/** A layer of a Keras model. */
export interface ModelLayer {
  /** Unique in its model. */
  readonly name: string;
  /** Of `keras.layers`. */
  readonly className: string;
  /** Its arguments, by Keras's names; what is left out is as Keras has it. */
  readonly config: Readonly<Record<string, unknown>>;
  /** What it is called with. */
  readonly inputs: readonly ModelLayer[];
  /** Of its output, without the batch. */
  readonly shape: readonly number[];
  /** In the order in which Keras keeps them. */
  readonly variables: readonly HostTensor[];
}

/** A functional model of Keras: one input, one or more outputs. */
export interface KerasModel {
  readonly name: string;
  readonly input: ModelLayer;
  readonly outputs: readonly ModelLayer[];
}

/** All layers that outputs need, each after those that it is called with. */
export function layersBefore(outputs: readonly ModelLayer[]): ModelLayer[] {
  const placed = new Set<ModelLayer>();
  const stack = [...outputs].reverse();
  for (let layer = stack.at(-1); layer !== undefined; layer = stack.at(-1)) {
    const missing = layer.inputs.filter((each) => !placed.has(each));
    if (missing.length > 0) {
      stack.push(...missing.reverse()); // deep networks: no function calls itself
      continue;
    }
    stack.pop();
    placed.add(layer);
  }
  return [...placed];
}

/**
 * The layers in the order that Keras gives them when it puts the model together, by which it finds their weights:
 * farthest from an output first, and at the same distance in the order of a walk from the outputs back.
 */
export function inKerasOrder({ outputs }: KerasModel): ModelLayer[] {
  const depths = new Map<ModelLayer, number>();
  for (const layer of layersBefore(outputs).reverse()) {
    const depth = depths.get(layer) ?? 0;
    depths.set(layer, depth);
    for (const each of layer.inputs) depths.set(each, Math.max(depths.get(each) ?? 0, depth + 1));
  }
  const met = new Set<ModelLayer>();
  const stack = [...outputs].reverse();
  for (let layer = stack.pop(); layer !== undefined; layer = stack.pop()) {
    if (met.has(layer)) continue;
    met.add(layer);
    stack.push(...[...layer.inputs].reverse());
  }
  return [...met].sort((a, b) => depths.get(b)! - depths.get(a)!); // stable: else as they were met
}
