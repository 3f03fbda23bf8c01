import type { Builder } from './builder.js';
import { plainStrides, type Tensor } from './storage.js';

/** Smallest and largest number of values, by their place in the graph. */
export type Ranges = Map<number, readonly [least: number, most: number]>;

/** How a value is stored in 8 bits. */
export interface Quantization {
  readonly type: 'uint8' | 'int8';
  readonly scale: number;
}

/** How the input of a product is stored in 8 bits; null where its range was not measured. */
export function quantizationOf({ ranges }: Builder, value: number): Quantization | null {
  const range = ranges?.get(value);
  if (range === undefined) return null;
  const [least, most] = range;
  const isSigned = least < 0;
  const limit = Math.max(-least, most, 1e-8);
  return { type: isSigned ? 'int8' : 'uint8', scale: limit / (isSigned ? 127 : 255) };
}

/** The 8-bit tensor of the input of a product. */
export function quantizedInput(builder: Builder, value: number, { type, scale }: Quantization): Tensor {
  const known = builder.quantized(value);
  if (known !== null) return known;
  const x = builder.get(value);
  const made = builder.memory.fresh(type, x.shape, x.strides ?? plainStrides(x.shape), [x], scale);
  builder.copy(x, made);
  builder.setQuantized(value, made);
  return made;
}

/** Measures the range of the input of a product while the program runs, where that is wanted. */
export function measure(builder: Builder, value: number): void {
  const { measured } = builder;
  if (measured === null) return;
  const x = builder.asPlain(builder.get(value), 'float32');
  if (x.storage.isConstant) return;
  const sink = builder.memory.plain('uint8', [1], [x]);
  builder.steps.emitHost([x], [sink], ([numbers]) => {
    let [least, most] = measured.get(value) ?? [Infinity, -Infinity];
    const { data } = numbers!;
    for (let i = 0; i < data.length; i++) {
      const number = data[i]!;
      if (number < least) least = number;
      if (number > most) most = number;
    }
    measured.set(value, [least, most]);
  });
}
