import onnx from '@anc/backend-onnx';
import tfjs from '@anc/backend-tfjs';
import type { Backend, Method } from '@anc/core';
import methods from '@anc/methods';
import { methodContract } from '@anc/testing';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { compose } from '../src/composition/compose.js';
import { validateOptionsNow } from '../src/composition/validate-options.js';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

const { registries, parts } = compose([methods(), onnx(), tfjs()]);
const optimizer = { optimizer: 'adam', learningRate: 0.02, schedule: { kind: 'constant' } };
const generated = {
  generator: { name: 'conv', noise: 3, width: 2, upsamplings: 1 },
  memory: { name: 'replay', batches: 2 },
  studentSteps: 2,
};

/** A method with these options. */
function methodOf(name: string, own: object): Method {
  const { contribution } = registries.methods.get(name);
  const checked = validateOptionsNow(contribution.options, { optimizer, ...own }, name);
  return registries.methods.build(name, checked, parts);
}

// tfjs:cpu: packages/methods/test/data-free.test.ts
describe.each(['onnx', 'tfjs:wasm'])('on %s', (name) => {
  let backend: Backend;
  beforeAll(async () => {
    backend = await registries.backends.create({ name, options: {} }, undefined);
  });
  afterAll(() => backend.dispose());

  const cases: (readonly [method: string, own: object])[] = [
    ['data-free', generated],
    [
      'data-free',
      { ...generated, memory: 'none', discrepancy: 'jensen-shannon', generatorTerms: ['diversity'] },
    ],
    ['few-images', generated],
  ];
  if (name === 'onnx') cases.push(['few-images-hard', { steps: 2 }]); // gradients at the pixels, compiled
  describe.each(cases)('method %s %j', (method, own) => {
    methodContract({ describe, it, expect }, () => methodOf(method, own), {
      steps: 16,
      backend: () => backend,
    });
  });
});
