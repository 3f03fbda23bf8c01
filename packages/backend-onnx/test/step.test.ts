import {
  adversarialPhases,
  adversarialStep,
  EagerBackend,
  type Optimizer,
  type Phase,
  type Student,
} from '@anc/core';
import '@tensorflow/tfjs-backend-cpu';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OnnxBackend } from '../src/index.js';
import {
  adamW,
  adversarialSetup,
  initialState,
  momentum,
  normalizedStudent,
  plainStudent,
  trainSteps,
  relativeError,
  specFor,
  wideStudent,
} from './adversarial-setup.js';

let onnx: OnnxBackend;
const eager = new EagerBackend('cpu');

beforeAll(async () => {
  onnx = await OnnxBackend.create();
});
afterAll(async () => {
  await onnx.dispose();
});

const students: readonly [string, () => Student][] = [
  ['without batch norm', plainStudent],
  ['with batch norm', normalizedStudent],
];
const optimizers: readonly [string, () => Optimizer][] = [
  ['momentum', momentum],
  ['Adam', adamW],
];

describe('the compiled adversarial step', () => {
  for (const [network, student] of students) {
    for (const [optimizer, optimize] of optimizers) {
      it(`matches the eager one after 5 steps: ${network}, ${optimizer}`, async () => {
        const setup = adversarialSetup(student(), optimize());
        const [found, wanted] = [await trainSteps(onnx, setup, 5), await trainSteps(eager, setup, 5)];
        expect(Object.keys(found.state).sort()).toEqual(Object.keys(wanted.state).sort());
        for (const [name, tensor] of Object.entries(wanted.state)) {
          expect(found.state[name]!.shape).toEqual(tensor.shape);
          expect(relativeError(found.state[name]!, tensor), name).toBeLessThan(1e-4);
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

  it('matches the eager one where convolutions run in NCHWc layout', async () => {
    const setup = adversarialSetup(wideStudent(), momentum());
    const [found, wanted] = [await trainSteps(onnx, setup, 3), await trainSteps(eager, setup, 3)];
    for (const [name, tensor] of Object.entries(wanted.state)) {
      expect(relativeError(found.state[name]!, tensor), name).toBeLessThan(1e-4);
    }
  });

  it('is traced by rehearse, and not again by compile', async () => {
    const setup = adversarialSetup(plainStudent(), momentum());
    let traced = 0;
    const [phase] = adversarialStep(setup).phases;
    const counted: Phase = {
      name: phase!.name,
      gradients: (...inputs) => {
        traced++;
        return phase!.gradients(...inputs);
      },
      update: (...inputs) => phase!.update(...inputs),
    };
    const step = { id: 'rehearsed', phases: [counted] };
    const spec = specFor(initialState(setup));
    await onnx.rehearse(step, spec);
    expect(traced).toBe(2); // and compared
    const compiled = await onnx.compile(step, spec);
    expect(traced).toBe(2);
    await compiled.dispose();
    await (await onnx.compile(step, spec)).dispose();
    expect(traced).toBe(4); // a trace is used once
  });

  it('is refused by rehearse if it reads values', async () => {
    const spec = specFor(initialState(adversarialSetup(plainStudent(), momentum())));
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
    const setup = adversarialSetup(plainStudent(), momentum());
    const [found, wanted] = [await trainSteps(web, setup, 3), await trainSteps(onnx, setup, 3)];
    for (const [name, tensor] of Object.entries(wanted.state)) {
      expect(relativeError(found.state[name]!, tensor), name).toBeLessThan(1e-4);
    }
    await web.dispose();
  });

  it('draws new noise for a repeated phase, as the eager one does', async () => {
    const setup = adversarialSetup(plainStudent(), momentum());
    const phases = [adversarialPhases.student, adversarialPhases.discriminator, adversarialPhases.student];
    const [found, wanted] = [
      await trainSteps(onnx, setup, 2, phases),
      await trainSteps(eager, setup, 2, phases),
    ];
    for (const [name, tensor] of Object.entries(wanted.state)) {
      expect(relativeError(found.state[name]!, tensor), name).toBeLessThan(1e-4);
    }
  });

  it('gives the same bytes again', async () => {
    const setup = adversarialSetup(normalizedStudent(), momentum());
    const [first, second] = [await trainSteps(onnx, setup, 3), await trainSteps(onnx, setup, 3)];
    expect(first).toEqual(second);
  });
});
