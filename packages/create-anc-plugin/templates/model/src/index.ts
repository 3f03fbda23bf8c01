import {
  batchNorm,
  conv2d,
  definePlugin,
  dense,
  globalAveragePool,
  LayeredClassifier,
  PLUGIN_API_VERSION,
  relu,
  tap,
  type ModelEnvironment,
} from '@anc/core';
import { z } from 'zod';

const options = z.strictObject({
  width: z.number().int().min(1).default(8).describe('filters of the first layer'),
});

/** Two convolutions. Images [B, H, W, C] -> logits [B, classes]; taps are outputs for discriminators and hints. */
export const createMyComponentModel = (
  { width }: z.output<typeof options>,
  { classes }: ModelEnvironment,
): LayeredClassifier =>
  new LayeredClassifier(`my-component(width=${width})`, classes, [
    conv2d('conv1', { kernelSize: 3, filters: width, stride: 2, bias: false }),
    batchNorm('norm1'),
    relu('relu1'),
    tap('block1'),
    conv2d('conv2', { kernelSize: 3, filters: 2 * width, stride: 2 }),
    relu('relu2'),
    globalAveragePool(),
    tap('features'),
    dense('logits', { units: classes }),
  ]);

export default definePlugin({
  name: 'anc-plugin-my-component',
  apiVersion: PLUGIN_API_VERSION,
  models: {
    'my-component': {
      summary: 'two convolutions',
      options,
      input: [32, 32, 3], // what `describe` takes where no --input is given; `classes` likewise
      create: createMyComponentModel,
    },
  },
});
