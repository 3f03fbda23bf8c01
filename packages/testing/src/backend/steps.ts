import { namesOf } from '@anc/core';
import { differing } from '../harness/compare.js';
import { compileToyStep, runToySteps } from '../toy/index.js';
import { codeOf, type Subject } from './subject.js';
import { convStep, denseStep } from './toy-steps.js';

/** Requirements on any compiled step, whatever it computes. */
export function describeSteps({ describe, expect, test, capabilities, oracle, held }: Subject): void {
  describe('steps', () => {
    if (capabilities.deterministic) {
      test('the same inputs give the same bytes', async (backend) => {
        const [one, other] = [
          await runToySteps(backend, convStep, 3),
          await runToySteps(backend, convStep, 3),
        ];
        expect(differing(one.state, other.state)).toEqual([]);
        expect(one.metrics).toEqual(other.metrics);
      });

      test('training continues exactly from a state that was read', async (backend) => {
        const whole = await runToySteps(backend, convStep, 4);
        const half = await runToySteps(backend, convStep, 2);
        const rest = await runToySteps(backend, convStep, 2, { state: half.state, step: 2 });
        expect(differing(whole.state, rest.state)).toEqual([]);
      });

      test('another backend may run in between', async (backend) => {
        const alone = await runToySteps(backend, convStep, 3);
        const [together] = await Promise.all([
          runToySteps(backend, convStep, 3),
          runToySteps(oracle, convStep, 3),
        ]);
        expect(differing(alone.state, together.state)).toEqual([]);
      });
    }

    test('metrics are means since they were last read', async (backend) => {
      const compiled = await compileToyStep(backend, convStep);
      const state = await backend.upload(convStep.initial());
      expect(await compiled.metrics()).toEqual({});
      const single: Record<string, number>[] = [];
      for (let i = 0; i < 2; i++) {
        await compiled.run(state, convStep.inputs(i));
        single.push({ ...(await compiled.metrics()) });
      }
      await state.write(convStep.initial());
      for (let i = 0; i < 2; i++) await compiled.run(state, convStep.inputs(i));
      const both = await compiled.metrics();
      for (const name of namesOf(both)) {
        const mean = (single[0]![name]! + single[1]![name]!) / 2;
        expect(Math.abs(both[name]! - mean)).toBeLessThan(1e-5 * Math.max(1, Math.abs(mean)));
      }
      await compiled.dispose();
      await state.dispose();
    });

    test('metrics of single runs, where there are any, are in their order', async (backend) => {
      const compiled = await compileToyStep(backend, convStep);
      if (compiled.metricsOfRuns !== undefined) {
        const state = await backend.upload(convStep.initial());
        const single: Record<string, number>[] = [];
        for (let i = 0; i < 3; i++) {
          await compiled.run(state, convStep.inputs(i));
          single.push({ ...(await compiled.metrics()) });
        }
        await state.write(convStep.initial());
        for (let i = 0; i < 3; i++) await compiled.run(state, convStep.inputs(i));
        const runs = await compiled.metricsOfRuns();
        expect(runs.map((run) => namesOf(run).sort())).toEqual(single.map((run) => namesOf(run).sort()));
        for (const [i, run] of runs.entries()) {
          for (const name of namesOf(run)) {
            const wanted = single[i]![name]!;
            expect(Math.abs(run[name]! - wanted)).toBeLessThan(1e-5 * Math.max(1, Math.abs(wanted)));
          }
        }
        expect(await compiled.metricsOfRuns()).toEqual([]);
        await state.dispose();
      }
      await compiled.dispose();
    });

    test('wrong inputs and states of other backends are rejected, and change nothing', async (backend) => {
      const compiled = await compileToyStep(backend, convStep);
      const initial = convStep.initial();
      const [state, foreign] = [await backend.upload(initial), await oracle.upload(initial)];
      const inputs = convStep.inputs(0);
      const { images, ...others } = inputs.batch;
      const short = { ...inputs, batch: { ...others, images: { ...images!, shape: [1, 2, 3] } } };
      expect(await codeOf(() => compiled.run(state, { ...inputs, batch: others }))).toBe('ANC_FEED');
      expect(await codeOf(() => compiled.run(state, short))).toBe('ANC_FEED');
      expect(await codeOf(() => compiled.run(state, { ...inputs, hyper: {} }))).toBe('ANC_FEED');
      expect(await codeOf(() => compiled.run(foreign, inputs))).toBe('ANC_STATE');
      expect(differing(initial, await state.read())).toEqual([]);
      await compiled.dispose();
      await state.dispose();
      await foreign.dispose();
    });

    test('memory is constant over 200 steps and freed by dispose', async (backend) => {
      const before = await held(backend);
      for (const [toy, steps] of [
        [convStep, 24],
        [denseStep, 200],
      ] as const) {
        const compiled = await compileToyStep(backend, toy);
        const state = await backend.upload(toy.initial());
        const run = async (from: number, to: number): Promise<number> => {
          for (let i = from; i < to; i++) await compiled.run(state, toy.inputs(i % 4));
          await compiled.metrics();
          return held(backend);
        };
        const early = await run(0, 4);
        const late = await run(4, steps);
        expect(late - early).toBeLessThan(1);
        await compiled.dispose();
        await state.dispose();
      }
      expect((await held(backend)) - before).toBeLessThan(1);
    });
  });
}
