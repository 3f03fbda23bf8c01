import '@tensorflow/tfjs-backend-cpu';
import { mapTree, Rng, type Context } from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import models from '../src/index.js';

const context: Context = {
  training: false,
  noise: () => tf.scalar(0),
  activation: (_name, x) => x,
};
const make = (classMaps: boolean) =>
  models().models!.resnet!.create({ depth: 8, width: 0.25, classMaps }, { input: [8, 8, 3], classes: 5 });

beforeAll(async () => {
  await tf.setBackend('cpu');
});

describe('class maps', () => {
  it('average to the logits of the same network without them, with the same weights', () => {
    const [plain, mapped] = [make(false), make(true)];
    const made = plain.init(Rng.fromSeed(3), [8, 8, 3]);
    expect(mapped.init(Rng.fromSeed(3), [8, 8, 3])).toEqual(made);
    const tensors = (tree: typeof made.params) =>
      mapTree(tree, ({ shape, data }) => tf.tensor(data, [...shape]));
    const variables = { params: tensors(made.params), stats: tensors(made.stats) };
    const x = tf.randomNormal([2, 8, 8, 3], 0, 1, 'float32', 1);
    const [before, after] = [plain, mapped].map((network) => network.apply(variables, x, context).outputs);
    const maps = after!['class-maps']!;
    expect(maps.shape).toEqual([2, 2, 2, 5]);
    const logits = [...before!.logits.dataSync()];
    [...after!.logits.dataSync()].forEach((logit, i) => expect(logit).toBeCloseTo(logits[i]!, 5));
    [...tf.mean(maps, [1, 2]).dataSync()].forEach((logit, i) => expect(logit).toBeCloseTo(logits[i]!, 5));
    const features = [...before!.features.dataSync()];
    [...after!.features.dataSync()].forEach((value, i) => expect(value).toBeCloseTo(features[i]!, 5));
  });
});
