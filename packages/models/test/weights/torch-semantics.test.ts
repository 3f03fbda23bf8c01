import {
  dense,
  depthwiseConv2d,
  globalAveragePool,
  LayeredClassifier,
  mapTree,
  sizeOf,
  tap,
  type HostTensor,
  type Tree,
} from '@anc/core';
import {
  encodeSafetensors,
  inMemory,
  loadVariables,
  readStateDict,
  toLazyTensor,
  type StateDict,
} from '@anc/formats';
import '@tensorflow/tfjs-backend-cpu';
import { describe, expect, it } from 'vitest';
import { cnn, importInto, lenet4 } from '../../src/index.js';
import { random, score } from '../as-function.js';

/*
 * What PyTorch computes, in loops: images [C, H, W], kernels [O, I, H, W], matrices [out, in], `flatten` channels first.
 * Nothing here knows how a network of ours lays out anything.
 */
type Image = { readonly shape: readonly [channels: number, height: number, width: number]; data: number[] };

function conv2d(
  { shape: [channels, height, width], data }: Image,
  weight: HostTensor,
  bias: HostTensor,
  pad: number,
): Image {
  const [filters, , size] = weight.shape as [number, number, number, number];
  const [rows, columns] = [height + 2 * pad - size + 1, width + 2 * pad - size + 1];
  const output = new Array<number>(filters * rows * columns);
  for (let o = 0; o < filters; o++) {
    for (let y = 0; y < rows; y++) {
      for (let x = 0; x < columns; x++) {
        let sum = bias.data[o]!;
        for (let i = 0; i < channels; i++) {
          for (let dy = 0; dy < size; dy++) {
            for (let dx = 0; dx < size; dx++) {
              const [row, column] = [y + dy - pad, x + dx - pad];
              if (row < 0 || row >= height || column < 0 || column >= width) continue;
              const pixel = data[(i * height + row) * width + column]!;
              sum += pixel * weight.data[((o * channels + i) * size + dy) * size + dx]!;
            }
          }
        }
        output[(o * rows + y) * columns + x] = sum;
      }
    }
  }
  return { shape: [filters, rows, columns], data: output };
}

function maxPool({ shape: [channels, height, width], data }: Image): Image {
  const [rows, columns] = [height >> 1, width >> 1];
  const output: number[] = [];
  for (let c = 0; c < channels; c++) {
    for (let y = 0; y < rows; y++) {
      for (let x = 0; x < columns; x++) {
        const at = (c * height + 2 * y) * width + 2 * x;
        output.push(Math.max(data[at]!, data[at + 1]!, data[at + width]!, data[at + width + 1]!));
      }
    }
  }
  return { shape: [channels, rows, columns], data: output };
}

const relu = (values: readonly number[]): number[] => values.map((value) => Math.max(0, value));

const linear = (values: readonly number[], weight: HostTensor, bias: HostTensor): number[] =>
  Array.from(bias.data, (start, o) =>
    values.reduce((sum, value, i) => sum + value * weight.data[o * values.length + i]!, start),
  );

/** [1, H, W, C] as PyTorch has it. */
function channelsFirst({ shape: [, height, width, channels], data }: HostTensor): Image {
  const size = { c: channels!, h: height!, w: width! };
  const turned = Array.from({ length: data.length }, (_, at) => {
    const [c, pixel] = [Math.floor(at / (size.h * size.w)), at % (size.h * size.w)];
    return data[pixel * size.c + c]!;
  });
  return { shape: [size.c, size.h, size.w], data: turned };
}

/** A state dict of `nn.Sequential` modules, numbered with gaps as those without parameters leave them. */
function sequential(layers: readonly (readonly number[])[]): Record<string, HostTensor> {
  return Object.fromEntries(
    layers.flatMap((shape, index) => {
      const scale = 1 / Math.sqrt(sizeOf(shape.slice(1)));
      const scaled = ({ shape: own, data }: HostTensor): HostTensor => ({
        shape: own,
        data: data.map((v) => v * scale),
      });
      return [
        [`net.${3 * index}.weight`, scaled(random(2 * index, shape))],
        [`net.${3 * index}.bias`, scaled(random(2 * index + 1, [shape[0]!]))],
      ];
    }),
  );
}

/** As safetensors are: sorted by name. */
const sorted = (tensors: Tree<HostTensor>): Tree<HostTensor> =>
  Object.fromEntries(Object.entries(tensors).sort(([a], [b]) => (a < b ? -1 : 1)));

const dictOf = (tensors: Tree<HostTensor>): StateDict => ({
  format: 'torch',
  layout: 'torch',
  tensors: mapTree(tensors, toLazyTensor),
  metadata: {},
});

const images = random(50, [1, 20, 20, 2]);

async function expectLogits(
  network: ReturnType<typeof cnn>,
  dict: StateDict,
  expected: readonly number[],
): Promise<void> {
  const { variables } = importInto(network, images.shape.slice(1), dict);
  const { logits } = await score(network, loadVariables(variables), images);
  const largest = Math.max(...expected.map(Math.abs));
  expect(expected.map((value, i) => Math.abs(value - logits!.data[i]!) / largest)).toEqual(
    expected.map(() => expect.closeTo(0, 5) as number),
  );
}

describe("PyTorch's networks that flatten", () => {
  it('compute the same here: convolutions, pools, a hidden layer over 2×2 pixels', async () => {
    const tensors = sequential([
      [64, 2, 5, 5],
      [128, 64, 5, 5],
      [1024, 128 * 2 * 2],
      [6, 1024],
    ]);
    const [w1, b1, w2, b2, w3, b3, w4, b4] = Object.values(tensors) as [
      HostTensor,
      HostTensor,
      HostTensor,
      HostTensor,
      HostTensor,
      HostTensor,
      HostTensor,
      HostTensor,
    ];
    let image = channelsFirst(images);
    for (const [weight, bias] of [
      [w1, b1],
      [w2, b2],
    ] as const) {
      const { shape, data } = conv2d(image, weight, bias, 0);
      image = maxPool({ shape, data: relu(data) });
    }
    const expected = linear(relu(linear(image.data, w3, b3)), w4, b4);
    await expectLogits(lenet4({}, { classes: 6 }), dictOf(tensors), expected);
  });

  it('from safetensors too, whose names are sorted as text', async () => {
    const widths = Array.from({ length: 5 }, () => 3);
    const tensors = sequential([
      [3, 2, 3, 3],
      ...widths.slice(1).map(() => [3, 3, 3, 3]),
      [7, 3 * 10 * 10],
      [4, 7],
    ]);
    const layers = Object.values(tensors);
    let image = channelsFirst(images);
    for (let index = 0; index < widths.length; index++) {
      const { shape, data } = conv2d(image, layers[2 * index]!, layers[2 * index + 1]!, 1);
      image = { shape, data: relu(data) };
      if (index === 0) image = maxPool(image);
    }
    const hidden = relu(linear(image.data, layers[10]!, layers[11]!));
    const expected = linear(hidden, layers[12]!, layers[13]!);
    const network = cnn({ widths, features: 7, pools: 1 }, { classes: 4 });
    const file = encodeSafetensors(sorted(tensors));
    await expectLogits(network, readStateDict(inMemory(file)), expected);
  });

  it('with depthwise convolutions, whatever they are called', async () => {
    const kernel = random(1, [2, 1, 3, 3]);
    const bias = random(2, [2]);
    const [head, headBias] = [random(3, [5, 2]), random(4, [5])];
    const { shape, data } = channelsFirst(images);
    const [, height, width] = shape;
    const plane = height * width;
    const means = [0, 1].map((c) => {
      const channel: Image = { shape: [1, height, width], data: data.slice(c * plane, (c + 1) * plane) };
      const own: HostTensor = { shape: [1, 1, 3, 3], data: kernel.data.slice(9 * c, 9 * c + 9) };
      const { data: out } = conv2d(channel, own, { shape: [1], data: bias.data.slice(c, c + 1) }, 1);
      return out.reduce((sum, value) => sum + value, 0) / plane;
    });
    const network = new LayeredClassifier('own', 5, [
      depthwiseConv2d('dw1', { kernelSize: 3, padding: 1 }),
      globalAveragePool(),
      tap('features'),
      dense('logits', { units: 5 }),
    ]);
    const tensors = { 'dw.weight': kernel, 'dw.bias': bias, 'head.weight': head, 'head.bias': headBias };
    await expectLogits(network, dictOf(tensors), linear(means, head, headBias));
  });
});
