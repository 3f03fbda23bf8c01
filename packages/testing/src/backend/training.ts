import { namesOf } from '@anc/core';
import { equal } from '../harness/compare.js';
import { runToySteps, toyStateErrors } from '../toy/index.js';
import { metricLimit, type Subject } from './subject.js';
import { residualStep, trainingSteps } from './toy-steps.js';

/** Ten updates of whole training steps, against the oracle. */
export function describeTraining(subject: Subject): void {
  const { describe, expect, test, oracle, observe, updateLimit } = subject;
  describe('ten updates of the whole step', () => {
    for (const toy of trainingSteps) {
      test(toy.name, async (backend) => {
        const [found, expected] = [await runToySteps(backend, toy, 10), await runToySteps(oracle, toy, 10)];
        expect(namesOf(found.state)).toEqual(namesOf(expected.state));
        const errors = Object.entries(toyStateErrors(toy, found.state, expected.state));
        for (const [name, error] of errors) {
          if (!toy.zeroGradient.includes(name)) observe(`${toy.name}: ${name}`, error);
        }
        expect(errors.filter(([, error]) => !(error <= updateLimit))).toEqual([]);
        expect(namesOf(found.metrics)).toEqual(namesOf(expected.metrics));
        const wrongMetrics = namesOf(expected.metrics).filter((name) => {
          const [a, b] = [found.metrics[name]!, expected.metrics[name]!];
          return !(Math.abs(a - b) <= metricLimit(subject) * Math.max(1, Math.abs(b)));
        });
        expect(wrongMetrics).toEqual([]);
      });
    }

    test('change all parameters and statistics', async (backend) => {
      const { state } = await runToySteps(backend, residualStep, 2);
      const initial = residualStep.initial();
      const same = namesOf(initial).filter((name) => equal(initial[name]!, state[name]!));
      expect(same.filter((name) => !name.startsWith('discriminator/slots'))).toEqual([]);
    });
  });
}
