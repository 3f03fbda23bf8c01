import { isAncError, Rng } from '@anc/core';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OnnxBackend, OnnxTeacher, type OnnxTeacherOptions, type OnnxTeacherRequest } from '../src/index.js';
import { interpolation } from '../src/onnx-model/interpolation.js';
import { decodeModel, ELEMENT, encodeModel, graphOf, onnx } from '../src/onnx-model/proto.js';
import { classifierFile, expected, type WrittenClassifier } from './onnx-writer.js';
import { refusal } from './refusal.js';

let backend: OnnxBackend;
beforeAll(async () => {
  backend = await OnnxBackend.create({ runtime: 'web', threads: 1 });
});
afterAll(() => backend.dispose());

const rng = Rng.fromSeed(9);
const bytes = (n: number): Uint8Array => Uint8Array.from({ length: n }, () => rng.int(256));

const open = (
  file: WrittenClassifier,
  options: OnnxTeacherOptions = {},
  rest: Partial<OnnxTeacherRequest> = {},
): Promise<OnnxTeacher> => {
  const { size = 6, channels = 3 } = file;
  return OnnxTeacher.create(backend, classifierFile(file), {
    shown: 'm.onnx',
    images: [size, size, channels],
    options,
    ...rest,
  });
};

const unit = (value: number): number => value / 255;

async function compare(
  file: WrittenClassifier,
  teacher: OnnxTeacher,
  prepare: (value: number, channel: number) => number = unit,
): Promise<void> {
  const { size = 6, channels = 3 } = file;
  for (const count of [1, 5]) {
    const images = bytes(count * size * size * channels);
    const names = Object.keys(teacher.outputs);
    const found = await teacher.infer({ shape: [count, size, size, channels], data: images }, names);
    const wanted = expected(file, images, prepare);
    for (const name of names as ('logits' | 'features')[]) {
      expect(found[name]!.shape).toEqual([count, wanted[name][0]!.length]);
      wanted[name].flat().forEach((value, i) => expect(found[name]!.data[i]).toBeCloseTo(value, 3));
    }
  }
}

describe('an ONNX teacher', () => {
  it.each<[string, WrittenClassifier]>([
    ['NCHW, open batch', {}],
    ['NHWC', { layout: 'nhwc' }],
    ['a fixed batch of two', { batch: 2 }],
    ['a fixed batch of one, NHWC', { batch: 1, layout: 'nhwc' }],
    ['open sizes', { open: true }],
    ['gray images', { channels: 1 }],
    ['a softmax at its end', { ending: 'softmax' }],
    ['a log-softmax at its end', { ending: 'log-softmax' }],
    ['a product and a sum for its last layer', { head: 'matmul' }],
    ['a convolution for its last layer', { head: 'conv', ending: 'softmax' }],
    ['old operators', { opset: 9 }],
    ['half-precision input', { element: ELEMENT.float16 }],
  ])('%s: gives the logits and the input of its last layer', async (_name, file) => {
    const teacher = await open(file);
    expect(teacher.outputs).toEqual({ logits: [4], features: [5] });
    const { channels = 3 } = file;
    expect(teacher.facts.parameters).toBe(5 * channels + 20 + 4);
    expect(teacher.facts.flops).toBe(36 * 5 * 2 * channels + 4 * (2 * 5 + (file.head === 'matmul' ? 0 : 1)));
    await compare(file, teacher);
    await teacher.dispose();
  });

  it('takes bytes as they are where its input is of bytes', async () => {
    const file = { element: ELEMENT.uint8 };
    const teacher = await open(file);
    expect(teacher.facts.normalization).toBeNull();
    await compare(file, teacher, (value) => value);
  });

  it('takes the logarithm of probabilities that no softmax node gives', async () => {
    const teacher = await open({ ending: 'split-softmax' });
    expect(teacher.facts.notices.join()).toMatch(/logarithm/);
    expect(teacher.outputs).toEqual({ logits: [4] });
    const images = bytes(108);
    const { logits } = await teacher.infer({ shape: [1, 6, 6, 3], data: images }, ['logits']);
    const row = expected({}, images, unit).logits[0]!;
    const norm = Math.log(row.reduce((sum, value) => sum + Math.exp(value), 0));
    row.forEach((value, i) => expect(logits!.data[i]).toBeCloseTo(value - norm, 4));
  });

  it('reports that it has no features, and takes a tensor by name', async () => {
    const bare = await open({ head: 'pool' });
    expect(bare.outputs).toEqual({ logits: [5] });
    expect(bare.facts.notices.join()).toMatch(/no features/);
    const named = await open({ head: 'pool' }, { features: 'pool' });
    expect(named.outputs).toEqual({ logits: [5], features: [5] });
    const none = await open({}, { features: 'none' });
    expect(none.outputs).toEqual({ logits: [4] });
    expect(none.facts.notices.join()).not.toMatch(/no features/);
  });

  it.each<[string, Record<string, string>, OnnxTeacherOptions, (value: number, c: number) => number]>([
    [
      'our own',
      { normalization: '{"mean":[10,20,30],"std":[50,60,70]}' },
      {},
      (v, c) => (v - 10 - 10 * c) / (50 + 10 * c),
    ],
    [
      'of pixels in 0..1',
      { mean: '[0.5,0.4,0.3]', std: '[0.5,0.5,0.5]' },
      {},
      (v, c) => (v / 255 - 0.5 + 0.1 * c) / 0.5,
    ],
    ["Windows ML's", { 'Image.NominalPixelRange': 'NominalRange_0_255' }, {}, (v) => v],
    [
      'in the options',
      { normalization: '{"mean":[10,20,30],"std":[50,60,70]}' },
      { mean: [0], std: [100] },
      (v) => v / 100,
    ],
  ])('applies the preprocessing: %s', async (_name, metadata, options, prepare) => {
    const teacher = await open({ metadata }, options);
    expect(teacher.facts.notices.join()).not.toMatch(/divided by 255/);
    await compare({}, teacher, prepare);
  });

  it('applies the options where its metadata cannot be used, and names what it ignores', async () => {
    const impossible = { normalization: '{"mean":[10],"std":[0]}' };
    const teacher = await open({ metadata: impossible }, { mean: [0], std: [100] });
    await compare({}, teacher, (v) => v / 100);
    const foreign = await open({ metadata: { normalization: 'imagenet' } });
    expect(foreign.facts.notices.join()).toMatch(
      /normalization imagenet: no mean and deviation per channel.*divided by 255/,
    );
    await compare({}, foreign, (v) => v / 255);
  });

  it('reverses color channels, repeats gray ones, and resizes only on request', async () => {
    const reversed = await open({}, { channels: 'bgr' });
    const images = bytes(108);
    const swapped = images.map((_, i) => images[i - (i % 3) + 2 - (i % 3)]!);
    const { logits } = await reversed.infer({ shape: [1, 6, 6, 3], data: images }, ['logits']);
    expected({}, swapped, unit).logits[0]!.forEach((value, i) =>
      expect(logits!.data[i]).toBeCloseTo(value, 4),
    );

    const gray = await open({}, {}, { images: [6, 6, 1] });
    const one = bytes(36);
    const found = await gray.infer({ shape: [1, 6, 6, 1], data: one }, ['logits']);
    const three = Uint8Array.from({ length: 108 }, (_, i) => one[Math.floor(i / 3)]!);
    expected({}, three, unit).logits[0]!.forEach((value, i) =>
      expect(found.logits!.data[i]).toBeCloseTo(value, 4),
    );

    const larger = { images: [12, 12, 3] as const };
    expect((await refusal(open({}, {}, larger))).detail).toMatchObject({
      expected: '6×6×3',
      received: '12×12×3',
    });
    const resized = await open({}, { resize: true }, larger);
    const flat = new Uint8Array(432).fill(100);
    const same = await resized.infer({ shape: [1, 12, 12, 3], data: flat }, ['logits']);
    expected({}, new Uint8Array(108).fill(100), unit).logits[0]!.forEach((value, i) =>
      expect(same.logits!.data[i]).toBeCloseTo(value, 4),
    );
  });

  it.each([7, 9, 10, 11, 12, 13, 18])('resizes images in a model of opset %i', async (opset) => {
    const [height, width, size] = [9, 4, 6];
    const teacher = await open({ opset }, { resize: true }, { images: [height, width, 3] });
    const images = bytes(2 * height * width * 3);
    const { logits } = await teacher.infer({ shape: [2, height, width, 3], data: images }, ['logits']);
    const [down, across] = [interpolation(height, size), interpolation(width, size)];
    // [2, size, size, 3], as fractional bytes
    const resized = Array.from({ length: 2 * size * size * 3 }, (_, at) => {
      const [c, x, y, n] = [
        at % 3,
        Math.floor(at / 3) % size,
        Math.floor(at / 18) % size,
        Math.floor(at / 108),
      ];
      let sum = 0;
      for (let i = 0; i < height; i++) {
        for (let j = 0; j < width; j++) {
          const pixel = images[((n * height + i) * width + j) * 3 + c]!;
          sum += down[y * height + i]! * across[x * width + j]! * pixel;
        }
      }
      return sum;
    });
    const wanted = expected({}, resized, unit).logits.flat();
    wanted.forEach((value, i) => expect(logits!.data[i]).toBeCloseTo(value, 4));
  });

  it('arrives at its size where the factor is rounded down', async () => {
    const teacher = await open({ size: 31 }, { resize: true }, { images: [7, 7, 3] });
    const { logits } = await teacher.infer({ shape: [1, 7, 7, 3], data: new Uint8Array(147).fill(9) }, [
      'logits',
    ]);
    const wanted = expected({ size: 31 }, new Uint8Array(31 * 31 * 3).fill(9), unit).logits[0]!;
    wanted.forEach((value, i) => expect(logits!.data[i]).toBeCloseTo(value, 4));
  });

  it('keeps the requested classes, by name, index or both', async () => {
    const metadata = { names: "{0: 'cat', 1: 'it\\'s a dog', 2: 'fox', 3: \"owl\"}" };
    const all = await open({ metadata });
    expect(all.facts.classNames).toEqual(['cat', "it's a dog", 'fox', 'owl']);
    const some = await open({ metadata }, {}, { classes: ['owl', '0', '2=Fuchs'] });
    expect(some.facts.classNames).toEqual(['owl', 'cat', 'Fuchs']);
    expect(some.outputs.logits).toEqual([3]);
    const images = bytes(108);
    const { logits } = await some.infer({ shape: [1, 6, 6, 3], data: images }, ['logits']);
    const row = expected({}, images, unit).logits[0]!;
    [3, 0, 2].forEach((from, to) => expect(logits!.data[to]).toBeCloseTo(row[from]!, 4));
    expect(some.hash).not.toBe(all.hash);
    const renamed = await open({}, {}, { classes: ['a', 'b', 'c', 'd'] });
    expect(renamed.facts).toMatchObject({ classNames: ['a', 'b', 'c', 'd'], classes: 4 });
    for (const classes of [['wolf', 'owl'], ['1', '1'], ['9', '1'], ['owl']]) {
      await refusal(open({ metadata }, {}, { classes }), 'ANC_CLASSES');
    }
  });

  it('reads weights that lie beside it, and only there', async () => {
    const file = classifierFile();
    const model = decodeModel(file, 'm');
    const tensor = graphOf(model).initializer[0]!;
    const weights = new Uint8Array(tensor.rawData!);
    const at = (location: string, length: number | string = weights.length, offset = '3'): Uint8Array => {
      tensor.rawData = new Uint8Array();
      tensor.dataLocation = onnx.TensorProto.DataLocation.EXTERNAL;
      tensor.externalData = [
        { key: 'location', value: location },
        { key: 'offset', value: offset },
        { key: 'length', value: String(length) },
      ];
      return encodeModel(model);
    };
    const beside = Buffer.concat([Buffer.alloc(3), weights]);
    const request = {
      shown: 'm.onnx',
      images: [6, 6, 3] as const,
      readExternal: () => Promise.resolve(beside),
    };
    await compare({}, await OnnxTeacher.create(backend, at('m.data'), request));
    for (const location of ['/etc/passwd', '../m.data', 'a/../../b', 'C:\\m', '']) {
      expect((await refusal(OnnxTeacher.create(backend, at(location), request))).message).toMatch(/outside/);
    }
    expect((await refusal(OnnxTeacher.create(backend, at('m.data', 999), request))).message).toMatch(
      /shorter/,
    );
    for (const [length, offset] of [
      [4, '-1'],
      [4, '9223372036854775807'],
      ['1e300', '0'],
      ['abc', '0'],
    ] as const) {
      // prettier-ignore
      const refused = await refusal(OnnxTeacher.create(backend, at('m.data', length, offset), request));
      expect(refused.message).toMatch(/no readable place in "m.data"/);
    }
    const { readExternal: _, ...alone } = request;
    expect((await refusal(OnnxTeacher.create(backend, at('m.data'), alone))).message).toMatch(
      /cannot be read/,
    );
  });

  it.each<[string, WrittenClassifier, OnnxTeacherOptions, RegExp]>([
    ['several inputs', { inputs: 3 }, {}, /one input, this model has 3/],
    ['another rank', { rank: 2 }, {}, /the rank of images/],
    ['an input of no pixels', { element: ELEMENT.int64 }, {}, /does not take pixels/],
    ['channels that are no colors', { channels: 7, size: 8 }, {}, /can be color channels|another shape/],
    ['an answer for every pixel', { head: 'map' }, {}, /looks like logits/],
    [
      'operators of the future',
      { opset: 99 },
      {},
      /cannot load this model\.\n.*received: [^/]* opset.*\n.*older opset/,
    ],
    ['a tensor that is not there', {}, { features: 'nowhere' }, /no tensor "nowhere"/],
    [
      'a deviation of zero in its metadata',
      { metadata: { normalization: '{"mean":[10,20,30],"std":[50,0,70]}' } },
      {},
      /no image can be normalized.*std\) above 0.*received: normalization .*50,0,70.*--preprocessing/s,
    ],
    [
      'a negative deviation in the metadata of others',
      { metadata: { mean: '[0.5,0.4,0.3]', std: '[0.5,-0.5,0.5]' } },
      {},
      /no image can be normalized.*received: mean \[0.5,0.4,0.3\], std \[0.5,-0.5,0.5\]/s,
    ],
    [
      'fewer deviations than means in its metadata',
      { metadata: { mean: '[0.5,0.4,0.3]', std: '[0.5,0.5]' } },
      {},
      /no image can be normalized/,
    ],
    ['half of a normalization', {}, { mean: [1] }, /belong together/],
    ['a normalization for other channels', {}, { mean: [1, 2], std: [1, 2] }, /one number per channel/],
  ])('is refused for %s', async (_name, file, options, message) => {
    const error = await refusal(open(file, options, file.channels === 7 ? { images: [8, 8, 3] } : {}));
    expect(error.describe()).toMatch(message);
  });

  it('opens or throws an AncError on a damaged file, wherever it is cut or changed', async () => {
    const file = classifierFile();
    const attempt = async (damaged: Uint8Array): Promise<void> => {
      try {
        const teacher = await OnnxTeacher.create(backend, damaged, { shown: 'm.onnx', images: [6, 6, 3] });
        await teacher.dispose();
      } catch (error) {
        expect(isAncError(error) ? 'AncError' : error).toBe('AncError');
      }
    };
    for (const length of [0, 1, 5, 50, file.length >> 1, file.length - 1])
      await attempt(file.slice(0, length));
    const edit = fc.record({ at: fc.nat(file.length - 1), value: fc.nat(255) });
    await fc.assert(
      fc.asyncProperty(edit, async ({ at, value }) => {
        const copy = file.slice();
        copy[at] = value;
        await attempt(copy);
      }),
      { numRuns: 60, seed: 1 },
    );
  });
});
