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
  game,
  initialState,
  momentum,
  normalisedStudent,
  plainStudent,
  play,
  relativeError,
  specFor,
  wideStudent,
} from './game.js';

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
  ['with batch norm', normalisedStudent],
];
const optimizers: readonly [string, () => Optimizer][] = [
  ['momentum', momentum],
  ['Adam', adamW],
];

describe('the compiled adversarial step', () => {
  for (const [network, student] of students) {
    for (const [optimizer, optimize] of optimizers) {
      it(`matches the eager one after 5 steps: ${network}, ${optimizer}`, async () => {
        const rules = game(student(), optimize());
        const [found, wanted] = [await play(onnx, rules, 5), await play(eager, rules, 5)];
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

  it('matches the eager one where convolutions run over blocks of channels', async () => {
    const rules = game(wideStudent(), momentum());
    const [found, wanted] = [await play(onnx, rules, 3), await play(eager, rules, 3)];
    for (const [name, tensor] of Object.entries(wanted.state)) {
      expect(relativeError(found.state[name]!, tensor), name).toBeLessThan(1e-4);
    }
  });

  it('is traced when it is rehearsed, and not again when it is compiled', async () => {
    const rules = game(plainStudent(), momentum());
    let traced = 0;
    const [phase] = adversarialStep(rules).phases;
    const counted: Phase = {
      name: phase!.name,
      gradients: (...inputs) => {
        traced++;
        return phase!.gradients(...inputs);
      },
      update: (...inputs) => phase!.update(...inputs),
    };
    const step = { id: 'rehearsed', phases: [counted] };
    const spec = specFor(initialState(rules));
    await onnx.rehearse(step, spec);
    expect(traced).toBe(2); // and compared
    const compiled = await onnx.compile(step, spec);
    expect(traced).toBe(2);
    await compiled.dispose();
    await (await onnx.compile(step, spec)).dispose();
    expect(traced).toBe(4); // the trace was not kept
  });

  it('is refused when it is rehearsed, where it looks at values', async () => {
    const spec = specFor(initialState(game(plainStudent(), momentum())));
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

  it('gives the same in WebAssembly, to rounding', async () => {
    const web = await OnnxBackend.create({ runtime: 'web' });
    expect(web.environment['runtime']).toBe('onnxruntime-web');
    const rules = game(plainStudent(), momentum());
    const [found, wanted] = [await play(web, rules, 3), await play(onnx, rules, 3)];
    for (const [name, tensor] of Object.entries(wanted.state)) {
      expect(relativeError(found.state[name]!, tensor), name).toBeLessThan(1e-4);
    }
    await web.dispose();
  });

  it('draws new noise for a phase that repeats, as the eager one does', async () => {
    const rules = game(plainStudent(), momentum());
    const phases = [adversarialPhases.student, adversarialPhases.discriminator, adversarialPhases.student];
    const [found, wanted] = [await play(onnx, rules, 2, phases), await play(eager, rules, 2, phases)];
    for (const [name, tensor] of Object.entries(wanted.state)) {
      expect(relativeError(found.state[name]!, tensor), name).toBeLessThan(1e-4);
    }
  });

  it('gives the same bytes again', async () => {
    const rules = game(normalisedStudent(), momentum());
    const [first, second] = [await play(onnx, rules, 3), await play(onnx, rules, 3)];
    expect(first).toEqual(second);
  });
});
