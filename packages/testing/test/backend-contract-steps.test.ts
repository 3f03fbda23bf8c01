import { filled, mapTree, namesOf, type Tree } from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { caught, scaled, tampering } from './faults.js';
import type { Fault } from './faulty-backend.js';

describe('a wrong step', () => {
  /** Whether the test of that name fails. */
  const catches = async (name: string, fault: Fault): Promise<boolean> =>
    (await caught(`steps > ${name}`, fault)).length === 1;

  it('is caught if it is not deterministic', async () => {
    let runs = 0;
    const jitter = tampering(async (state, before) => {
      const [name] = namesOf(before) as [string];
      await state.write({ [name]: scaled((await state.read([name]))[name]!, 1 + ++runs * 1e-6) });
    });
    expect(await catches('the same inputs give the same bytes', jitter)).toBe(true);
  });

  it('is caught if it counts steps itself', async () => {
    const counting: Fault = {
      step(inner) {
        let step = 0;
        return {
          run: (state, { noise, ...inputs }) =>
            inner.run(state, { ...inputs, noise: { ...noise, step: step++ } }),
        };
      },
    };
    expect(await catches('training continues exactly from a state that was read', counting)).toBe(true);
  });

  it('is caught if a part of a batch has the noise of another', async () => {
    const first: Fault = {
      step: (inner) => ({
        run: (state, { noise: { seed, step }, ...inputs }) =>
          inner.run(state, { ...inputs, noise: { seed, step } }),
      }),
    };
    const part = 'divided batches > adversarial, three phases, dropout, averaging balancer: ';
    expect(await caught(`${part}4 micro-batches give what the whole batch gives`, first)).toHaveLength(1);
    expect(
      await caught(`${part}2 ranks, each with 2 micro-batches, give what one gives`, first),
    ).toHaveLength(1);
  });

  it('is caught if another backend disturbs it', async () => {
    /** The number of tensors created so far, by all backends. */
    const tensorCount = (): number => tf.tidy(() => tf.scalar(0).id);
    let alone: number | null = null;
    const disturbed: Fault = {
      step(inner, hold) {
        let most = 0;
        return {
          async run(state, inputs) {
            const [held, first] = [hold(state), tensorCount()];
            await inner.run(state, inputs);
            const [name, before] = Object.entries(await held.read())[0]!;
            most = Math.max(most, tensorCount() - first);
            if (alone !== null && most > alone) await held.write({ [name]: scaled(before, 2) });
          },
          dispose: () => ((alone ??= most), inner.dispose()),
        };
      },
    };
    expect(await catches('another backend may run in between', disturbed)).toBe(true);
  });

  it('is caught if metrics are sums, or are never reset', async () => {
    const sums: Fault = {
      step(inner) {
        let runs = 0;
        return {
          run: (state, inputs) => (runs++, inner.run(state, inputs)),
          async metrics() {
            const count = runs;
            runs = 0;
            return mapTree(await inner.metrics(), (mean) => mean * count);
          },
        };
      },
    };
    const stale: Fault = {
      step(inner) {
        let last: Tree<number> = { 'loss/old': 1 };
        return {
          async metrics() {
            const now = await inner.metrics();
            return (last = namesOf(now).length === 0 ? last : now);
          },
        };
      },
    };
    for (const fault of [sums, stale]) {
      expect(await catches('metrics are means since they were last read', fault)).toBe(true);
    }
  });

  it('is caught if it accepts any input, or states of other backends', async () => {
    const lenient: Fault = { step: (inner) => ({ run: (...to) => inner.run(...to).catch(() => {}) }) };
    const careless: Fault = {
      step: (inner, hold) => ({
        run: (state, inputs) =>
          inner.run(state, inputs).catch(async (error: unknown) => {
            const held = hold(state);
            const [name] = namesOf(await held.read()) as [string];
            await held.write({ [name]: filled((await held.read([name]))[name]!.shape, 7) });
            throw error;
          }),
      }),
    };
    for (const fault of [lenient, careless]) {
      expect(
        await catches('wrong inputs and states of other backends are rejected, and change nothing', fault),
      ).toBe(true);
    }
  });

  it('is caught if it leaks, in a run or at dispose', async () => {
    const leak = (): void => void tf.keep(tf.scalar(1));
    const running: Fault = {
      step: (inner) => ({ run: (...to) => (leak(), inner.run(...to)) }),
    };
    const ending: Fault = { step: (inner) => ({ dispose: () => (leak(), inner.dispose()) }) };
    for (const fault of [running, ending]) {
      expect(await catches('memory is constant over 200 steps and freed by dispose', fault)).toBe(true);
    }
  });
});
