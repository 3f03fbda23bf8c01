import { describe, expect, it } from 'vitest';
import { OnednnStep, type StepProgram } from './compiled-step.js';
import type { EngineClient } from './engine/client.js';
import { OnednnState } from './state.js';

const PROGRAM: StepProgram = {
  parts: [
    { program: 1, feeds: [], isFirst: true, isLast: true, drops: [], receives: [], sends: [], exchanges: [] },
  ],
  metrics: ['loss'],
  batch: {},
  hyper: [],
  noise: [],
};
const INPUTS = { batch: {}, hyper: {}, noise: { seed: 1, step: 0 } };

/** An engine whose steps end when the test says so. */
function startedEngine() {
  const steps: { end: (error?: Error) => void }[] = [];
  let next = 0;
  const call = (name: string): Promise<unknown> => {
    if (name === 'readMetrics') return Promise.resolve(Float32Array.of(0.5));
    if (name !== 'runStep') return Promise.resolve({});
    return new Promise((resolve, reject) =>
      steps.push({ end: (error) => (error === undefined ? resolve({}) : reject(error)) }),
    );
  };
  const engine = { handle: () => next++, call } as unknown as EngineClient;
  return { engine, steps };
}

const start = async (program = PROGRAM) => {
  const { engine, steps } = startedEngine();
  const state = await OnednnState.upload(engine, {});
  return { state, steps, step: new OnednnStep(engine, program, () => Promise.resolve()) };
};

/** Whether a promise settles without anything else happening. */
const settles = (promise: Promise<unknown>): Promise<boolean> =>
  Promise.race([
    promise.then(
      () => true,
      () => true,
    ),
    new Promise<boolean>((resolve) => setTimeout(() => resolve(false))),
  ]);

describe('OnednnStep', () => {
  it('takes the next step while one computes, and no third', async () => {
    const { state, steps, step } = await start();
    await step.run(state, INPUTS);
    const second = step.run(state, INPUTS);
    expect(steps).toHaveLength(2);
    expect(await settles(second)).toBe(false);
    steps[0]!.end();
    await second;
    const read = state.read();
    expect(await settles(read)).toBe(false);
    steps[1]!.end();
    expect(await read).toEqual({});
    expect(await step.metrics()).toEqual({ loss: 0.5 });
  });

  it('waits for a step whose parts exchange between ranks', async () => {
    const [part] = PROGRAM.parts;
    const { state, steps, step } = await start({ ...PROGRAM, parts: [part!, part!] });
    const run = step.run(state, INPUTS);
    steps[0]!.end();
    expect(await settles(run)).toBe(false);
    steps[1]!.end();
    await run;
  });

  it('throws the error of a step where the next one, the state or the metrics are asked for', async () => {
    const { state, steps, step } = await start();
    await step.run(state, INPUTS);
    steps[0]!.end(new Error('broken'));
    await expect(state.read()).rejects.toThrow('broken');
    await expect(state.write({})).rejects.toThrow('broken');
    await expect(step.metrics()).rejects.toThrow('broken');
    await expect(step.run(state, INPUTS)).rejects.toThrow('broken');
    steps[1]!.end();
    await step.dispose();
    await state.dispose();
  });
});
