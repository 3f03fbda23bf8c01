import type { HostTensor } from '@anc/core';
import { Rng } from '@anc/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  halfPrecision,
  onnxPrecision,
  OnnxBackend,
  OnnxTeacher,
  openByteModel,
  quantizeOnnx,
  BYTE_INPUT,
} from '../src/index.js';
import { decodeModel, ELEMENT, elementOf, graphOf } from '../src/onnx-model/proto.js';
import { classifierFile } from './onnx-writer.js';

let backend: OnnxBackend;
beforeAll(async () => {
  backend = await OnnxBackend.create({ runtime: 'web', threads: 1 });
});
afterAll(() => backend.dispose());

const rng = Rng.fromSeed(6);
const images: HostTensor = {
  shape: [5, 6, 6, 3],
  data: Uint8Array.from({ length: 540 }, () => rng.int(256)),
};

const teacherOf = (file: Uint8Array) =>
  OnnxTeacher.create(backend, file, {
    shown: 'model.onnx',
    images: [6, 6, 3],
    options: { mean: [0], std: [255] },
  });

async function logitsOf(model: Uint8Array): Promise<number[]> {
  const opened = await openByteModel(backend, model, {
    shown: 'a model',
    images: [6, 6, 3],
    batch: null,
    least: 1,
  });
  try {
    return [...(await opened.run(images)).data] as number[];
  } finally {
    await opened.dispose();
  }
}

describe('halfPrecision', () => {
  it.each(['none', 'split-softmax'] as const)('keeps inputs, outputs and logits (%s)', async (ending) => {
    const file = classifierFile({ ending });
    const converted = halfPrecision(file);
    const [{ input, output, initializer }, before] = [
      graphOf(decodeModel(converted, 'it')),
      graphOf(decodeModel(file, 'it')),
    ];
    expect(input.map(elementOf)).toEqual(before.input.map(elementOf));
    expect(output.map(({ name }) => name)).toEqual(before.output.map(({ name }) => name));
    expect(output.map(elementOf)).toEqual([ELEMENT.float32]);
    expect(initializer.filter(({ dataType }) => dataType === ELEMENT.float32)).toEqual([]);
    expect(initializer.some(({ dataType }) => dataType === ELEMENT.float16)).toBe(true);
    const [teacher, half] = [await teacherOf(file), await teacherOf(converted)];
    const wanted = (await teacher.infer(images, ['logits'])).logits!;
    const found = (await half.infer(images, ['logits'])).logits!;
    expect(found.shape).toEqual([5, 4]);
    const largest = Math.max(...wanted.data.map(Math.abs));
    const differences = [...wanted.data].map((value, i) => Math.abs(value - found.data[i]!) / largest);
    expect(Math.max(...differences)).toBeLessThan(5e-3);
    expect(Math.max(...differences)).toBeGreaterThan(0); // float16 was there
  });

  it('converts a model of bytes, as it is run', async () => {
    const { model } = await teacherOf(classifierFile());
    const [wanted, found] = [await logitsOf(model), await logitsOf(halfPrecision(model))];
    const largest = Math.max(...wanted.map(Math.abs));
    wanted.forEach((value, i) => expect(Math.abs(value - found[i]!)).toBeLessThan(5e-3 * largest));
  });

  it('refuses models that are quantized', async () => {
    const { model } = await teacherOf(classifierFile());
    const quantized = await quantizeOnnx(backend, model, [{ [BYTE_INPUT]: images }]);
    expect([model, halfPrecision(model), quantized].map(onnxPrecision)).toEqual([
      'float32',
      'float16',
      'int8',
    ]);
    expect(() => halfPrecision(quantized)).toThrow('cannot be converted to half precision');
  });
});
