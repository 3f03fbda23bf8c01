import '@tensorflow/tfjs-backend-cpu';
import { adversarialPhases, EagerBackend, type Optimizer, type Student } from '@anc/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OnnxBackend } from '../src/index.js';
import {
  adamW,
  game,
  momentum,
  normalisedStudent,
  plainStudent,
  play,
  relativeError,
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
