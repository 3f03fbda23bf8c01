import '@tensorflow/tfjs-backend-cpu';
import type { ModelEnvironment } from '@anc/core';
import { networkContract } from '@anc/testing';
import { describe, expect, it } from 'vitest';
import models from '../src/index.js';

const cases: [name: string, input: ModelEnvironment['input'], taps: string[], options: object][] = [
  ['nin', [4, 5, 1], ['block1', 'block2', 'block3'], {}],
  ['lenet4', [16, 16, 1], ['block1', 'block2'], {}],
  ['lenet4', [16, 17, 1], [], { featuresFrom: 'before-relu', initializer: 'glorot-uniform' }],
  ['lenet5', [28, 28, 1], ['block1', 'block2'], {}],
  ['lenet5', [32, 32, 3], ['block1', 'block2'], {}],
  ['cnn', [8, 8, 3], ['block1', 'block2'], { widths: [4, 5], features: 7 }],
  ['cnn-teacher', [8, 8, 1], ['block1', 'block2', 'block3'], {}],
  ['cnn-student', [8, 8, 1], ['block1', 'block2', 'block3'], {}],
];

describe.each(cases)('%s', (name, input, taps, options) => {
  const { create } = models().models![name]!;
  const make = () => create(options, { input, classes: 5 });
  networkContract({ describe, it, expect }, make, { input, classes: 5, taps });
});
