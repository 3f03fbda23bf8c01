import { toyEnvironment, toyStudent } from '@anc/testing/toy';
import { expect, it } from 'vitest';
import { method } from '../../test/parts.js';

it.each(['adversarial', 'kd'])('%s with few-valued weights says who computes its losses', (name) => {
  const [stage] = method(name).stages(toyEnvironment());
  const quantized = method(name, { quantize: 'ttq' });
  const [own] = quantized.stages(toyEnvironment(quantized.network(toyStudent())));
  expect(own!.step.sources).toEqual(stage!.step.sources);
  expect(own!.step.sources!['loss/data']).toMatch(/^data term "/);
});
