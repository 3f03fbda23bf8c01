import { namesOf } from '@anc/core';
import { codeOf, differing, type Subject } from './subject.js';
import { compileGame, lightToy, plainToy, play } from './toy-game.js';

/** What any step must keep, whatever it computes. */
export function describeSteps({ describe, expect, test, capabilities, oracle, held }: Subject): void {
  describe('steps', () => {
    if (capabilities.deterministic) {
      test('the same inputs give the same bytes', async (backend) => {
        const [one, other] = [await play(backend, plainToy, 3), await play(backend, plainToy, 3)];
        expect(differing(one.state, other.state)).toEqual([]);
        expect(one.metrics).toEqual(other.metrics);
      });

      test('a state that was read goes on where it stood', async (backend) => {
        const whole = await play(backend, plainToy, 4);
        const half = await play(backend, plainToy, 2);
        const rest = await play(backend, plainToy, 2, { state: half.state, step: 2 });
        expect(differing(whole.state, rest.state)).toEqual([]);
      });

      test('another backend may work in between', async (backend) => {
        const alone = await play(backend, plainToy, 3);
        const [together] = await Promise.all([play(backend, plainToy, 3), play(oracle, plainToy, 3)]);
        expect(differing(alone.state, together.state)).toEqual([]);
      });
    }

    test('metrics are means since the last reading', async (backend) => {
      const compiled = await compileGame(backend, plainToy);
      const state = await backend.upload(plainToy.initial());
      expect(await compiled.metrics()).toEqual({});
      const single: Record<string, number>[] = [];
      for (let i = 0; i < 2; i++) {
        await compiled.run(state, plainToy.inputs(i));
        single.push({ ...(await compiled.metrics()) });
      }
      await state.write(plainToy.initial());
      for (let i = 0; i < 2; i++) await compiled.run(state, plainToy.inputs(i));
      const both = await compiled.metrics();
      for (const name of namesOf(both)) {
        const mean = (single[0]![name]! + single[1]![name]!) / 2;
        expect(Math.abs(both[name]! - mean)).toBeLessThan(1e-5 * Math.max(1, Math.abs(mean)));
      }
      await compiled.dispose();
      await state.dispose();
    });

    test('bad inputs and states of others are refused, and harm nothing', async (backend) => {
      const compiled = await compileGame(backend, plainToy);
      const initial = plainToy.initial();
      const [state, foreign] = [await backend.upload(initial), await oracle.upload(initial)];
      const inputs = plainToy.inputs(0);
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

    test('memory stays flat over 200 steps, and disposal gives it back', async (backend) => {
      const before = await held(backend);
      for (const [game, steps] of [
        [plainToy, 24],
        [lightToy, 200],
      ] as const) {
        const compiled = await compileGame(backend, game);
        const state = await backend.upload(game.initial());
        const run = async (from: number, to: number): Promise<number> => {
          for (let i = from; i < to; i++) await compiled.run(state, game.inputs(i % 4));
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
