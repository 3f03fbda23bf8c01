import {
  adversarialPhases,
  EagerBackend,
  type ClassifierOutputs,
  type Network,
  type Optimizer,
  type Phase,
} from '@anc/core';
import { runToySteps, tappedNetwork, toySpec, toyStateErrors } from '@anc/testing/toy';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OnnxBackend } from '../src/index.js';
import { adamW, momentum, plainStudent, residualStudent, toyStep, wideTask } from './toy-steps.js';

let onnx: OnnxBackend;
const eager = new EagerBackend('cpu');

beforeAll(async () => {
  onnx = await OnnxBackend.create();
});
afterAll(async () => {
  await onnx.dispose();
});

const students: readonly [string, () => Network<ClassifierOutputs>][] = [
  ['without batch norm', plainStudent],
  ['with batch norm', residualStudent],
];
const optimizers: readonly [string, () => Optimizer][] = [
  ['momentum', momentum],
  ['Adam', adamW],
];

describe('the compiled adversarial step', () => {
  for (const [network, student] of students) {
    for (const [optimizer, optimize] of optimizers) {
      it(`matches the eager one after 5 steps: ${network}, ${optimizer}`, async () => {
        const toy = toyStep({ student: student(), optimizer: optimize() });
        const [found, wanted] = [await runToySteps(onnx, toy, 5), await runToySteps(eager, toy, 5)];
        expect(Object.keys(found.state).sort()).toEqual(Object.keys(wanted.state).sort());
        for (const [name, { shape }] of Object.entries(wanted.state)) {
          expect(found.state[name]!.shape).toEqual(shape);
        }
        for (const [name, error] of Object.entries(toyStateErrors(toy, found.state, wanted.state))) {
          expect(error, name).toBeLessThan(1e-4);
        }
        expect(Object.keys(found.metrics).sort()).toEqual(Object.keys(wanted.metrics).sort());
        for (const [name, value] of Object.entries(wanted.metrics)) {
          expect(Math.abs(found.metrics[name]! - value), name).toBeLessThan(
            1e-3 * Math.max(1, Math.abs(value)),
          );
        }
      });
    }
  }

  const small = { ...wideTask, image: [6, 6, 2], batchSize: 4 } as const; // plain JavaScript is slow
  it.each([
    ['with biases', tappedNetwork(small, { filters: [32, 32] })],
    ['with batch norm', residualStudent(small, 32)],
  ])('matches the eager one where convolutions run in NCHWc layout: %s', async (_name, student) => {
    const toy = toyStep({ task: small, student });
    const [found, wanted] = [await runToySteps(onnx, toy, 3), await runToySteps(eager, toy, 3)];
    for (const [name, error] of Object.entries(toyStateErrors(toy, found.state, wanted.state))) {
      expect(error, name).toBeLessThan(1e-4);
    }
  });

  it('is traced by rehearse, and not again by compile', async () => {
    const toy = toyStep();
    let traced = 0;
    const [phase] = toy.step.phases;
    const counted: Phase = {
      name: phase!.name,
      gradients: (...inputs) => {
        traced++;
        return phase!.gradients(...inputs);
      },
      update: (...inputs) => phase!.update(...inputs),
    };
    const step = { id: 'rehearsed', phases: [counted] };
    const spec = { ...toySpec(toy), phases: [phase!.name] };
    await onnx.rehearse(step, spec);
    expect(traced).toBe(2); // and compared
    const compiled = await onnx.compile(step, spec);
    expect(traced).toBe(2);
    await compiled.dispose();
    await (await onnx.compile(step, spec)).dispose();
    expect(traced).toBe(4); // a trace is used once
  });

  it('is refused by rehearse if it reads values', async () => {
    const spec = { ...toySpec(toyStep()), phases: ['looks'] };
    const looks: Phase = {
      name: 'looks',
      gradients: (state) => {
        Object.values(state)[0]!.dataSync();
        return { grads: {}, stats: {}, metrics: {} };
      },
      update: () => ({}),
    };
    await expect(onnx.rehearse({ id: 'looks', phases: [looks] }, spec)).rejects.toMatchObject({
      code: 'ANC_COMPILE_READ',
    });
  });

  it('gives the same in WebAssembly, up to rounding', async () => {
    const web = await OnnxBackend.create({ runtime: 'web' });
    expect(web.environment['runtime']).toBe('onnxruntime-web');
    const toy = toyStep();
    const [found, wanted] = [await runToySteps(web, toy, 3), await runToySteps(onnx, toy, 3)];
    for (const [name, error] of Object.entries(toyStateErrors(toy, found.state, wanted.state))) {
      expect(error, name).toBeLessThan(1e-4);
    }
    await web.dispose();
  });

  it('draws new noise for a repeated phase, as the eager one does', async () => {
    const phases = [adversarialPhases.student, adversarialPhases.discriminator, adversarialPhases.student];
    const toy = toyStep({ phases });
    const [found, wanted] = [await runToySteps(onnx, toy, 2), await runToySteps(eager, toy, 2)];
    for (const [name, error] of Object.entries(toyStateErrors(toy, found.state, wanted.state))) {
      expect(error, name).toBeLessThan(1e-4);
    }
  });

  it('gives the same bytes again', async () => {
    const toy = toyStep({ student: residualStudent() });
    const [first, second] = [await runToySteps(onnx, toy, 3), await runToySteps(onnx, toy, 3)];
    expect(first).toEqual(second);
  });
});
