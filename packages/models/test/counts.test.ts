import type { ModelEnvironment } from '@anc/core';
import { describe, expect, it } from 'vitest';
import models from '../src/index.js';
import { parametersAndFlops } from '../src/counts.js';

const small: ModelEnvironment['input'] = [28, 28, 1];
const cifar: ModelEnvironment['input'] = [32, 32, 3];

function count(name: string, input: ModelEnvironment['input'], classes = 10, options: object = {}) {
  const { create } = models().models![name]!;
  return parametersAndFlops(create(options, { input, classes }), input);
}

describe("parameters, to the unit, and the paper's FLOPs, to 0.1 %", () => {
  it.each([
    ['nin', small, 10_600_522],
    ['lenet4', small, 2_315_018],
    ['lenet5', small, 61_706],
    ['cnn-teacher', small, 441_330],
    ['cnn-student', small, 33_794],
  ] as const)('%s at %o', (name, input, parameters) => {
    expect(count(name, input).parameters).toBe(parameters);
  });

  it.each([
    ['nin', 60.23e9, 128],
    ['lenet4', 7.056e9, 128],
  ] as const)('%s: %d FLOPs for a batch of %d', (name, flops, batch) => {
    expect(Math.abs((count(name, cifar).flops * batch) / flops - 1)).toBeLessThan(1e-3);
  });
});
