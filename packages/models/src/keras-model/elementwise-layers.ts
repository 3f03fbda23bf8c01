import type { HostTensor } from '@anc/core';
import type { KerasModelLayer } from '@anc/formats';
import type { Recorded } from '../graph-model/node.js';
import { constantOf, inexpressible, numbersOf, type Assembly, type Converter } from './assembly.js';
import { floatOf } from './attributes.js';

export const relu =
  (config: KerasModelLayer['config'] = {}): Converter =>
  (node, [, ...shape], model) =>
    model.layer({ className: 'ReLU', inputs: [model.of(node.inputs[0]!)], shape, config });

export const leakyRelu: Converter = (node, [, ...shape], model) =>
  model.layer({
    className: 'LeakyReLU',
    inputs: [model.of(node.inputs[0]!)],
    shape,
    config: { negative_slope: floatOf(node, 'alpha') },
  });

export const activation =
  (name: string): Converter =>
  (node, [, ...shape], model) =>
    model.layer({
      className: 'Activation',
      inputs: [model.of(node.inputs[0]!)],
      shape,
      config: { activation: name },
    });

/** A layer that combines two tensors, of which one may have axes of size one. */
export const merge =
  (className: string): Converter =>
  (node, [, ...shape], model) => {
    const inputs = node.inputs.map((each) => model.of(each));
    const fits = (own: readonly number[]): boolean =>
      own.length === shape.length && own.every((size, axis) => size === 1 || size === shape[axis]);
    if (!inputs.every((each) => fits(each.shape))) {
      throw inexpressible(`${node.op} of tensors of different shapes`);
    }
    return model.layer({ className, inputs, shape });
  };

/** Layers that can have a bias. */
const BIASED = ['Conv2D', 'DepthwiseConv2D', 'Dense'];

/** A sum: of two layers, a layer and its bias, or a layer and an offset. */
export const add: Converter = (node, shape, model) => {
  const constant = node.inputs.find(constantOf);
  if (constant === undefined) return merge('Add')(node, shape, model);
  const x = node.inputs.find((each) => each !== constant)!;
  const before = model.of(x);
  const takesBias =
    BIASED.includes(before.className) && before.config.use_bias === false && model.isTakenOnce(x);
  if (takesBias && constant.shape.join() === String(shape.at(-1))) {
    const variables = [...before.variables, numbersOf(constant)];
    return { ...before, config: { ...before.config, use_bias: true }, variables };
  }
  return rescaling(model, x, shape, { scale: 1, offset: nested(numbersOf(constant)) });
};

export const subtract: Converter = (node, shape, model) => {
  const [a, b] = node.inputs as [Recorded, Recorded];
  if (constantOf(b) !== null) {
    return rescaling(model, a, shape, { scale: 1, offset: nested(numbersOf(b), (value) => -value) });
  }
  if (constantOf(a) !== null) return rescaling(model, b, shape, { scale: -1, offset: nested(numbersOf(a)) });
  return merge('Subtract')(node, shape, model);
};

export const multiply: Converter = (node, shape, model) => {
  const constant = node.inputs.find(constantOf);
  if (constant === undefined) return merge('Multiply')(node, shape, model);
  const x = node.inputs.find((each) => each !== constant)!;
  return rescaling(model, x, shape, { scale: nested(numbersOf(constant)), offset: 0 });
};

export const divide: Converter = (node, shape, model) => {
  const [a, b] = node.inputs as [Recorded, Recorded];
  if (constantOf(b) === null) throw inexpressible('a division by a computed value');
  return rescaling(model, a, shape, { scale: nested(numbersOf(b), (value) => 1 / value), offset: 0 });
};

/** x · scale + offset, with constants that broadcast. */
function rescaling(
  model: Assembly,
  x: Recorded,
  [, ...shape]: readonly number[],
  config: Readonly<{ scale: unknown; offset: unknown }>,
): KerasModelLayer {
  const before = model.of(x);
  if (before.shape.join() !== shape.join())
    throw inexpressible('constants that change the shape of an image');
  return model.layer({ className: 'Rescaling', inputs: [before], shape, config });
}

/** Values as nested lists. */
function nested({ shape, data }: HostTensor, f: (value: number) => number = (value) => value): unknown {
  const values = Array.from(data as Float32Array, f);
  if (shape.length === 0) return values[0];
  return shape
    .slice(1)
    .reduceRight<unknown[]>(
      (all, size) => Array.from({ length: all.length / size }, (_, i) => all.slice(i * size, (i + 1) * size)),
      values,
    );
}
