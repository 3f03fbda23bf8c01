import { filled, mapTree, namesOf, type DeviceState, type HostTensor, type Tree } from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { opCases } from '../src/backend-contract/op-cases.js';
import { toyGames } from '../src/backend-contract/toy-game.js';
import { backendContract } from '../src/index.js';
import { failuresOf } from './collect.js';
import { FaultyBackend, type Fault } from './faulty-backend.js';

const ROOT = 'backend contract > ';

/** Names of the tests under `part` that catch a fault. */
async function caught(part: string, fault: Fault): Promise<string[]> {
  const backend = new FaultyBackend(fault);
  const failed = await failuresOf((runner) => backendContract(runner, () => backend), ROOT + part);
  return failed.map((name) => name.slice(ROOT.length).replace(`${part} > `, ''));
}

const scaled = ({ shape, data }: HostTensor, by: number): HostTensor => ({
  shape,
  data: data.map((v) => v * by),
});
const isGradient = (name: string): boolean => name.startsWith('gradient/');

/** A function whose outputs are changed on their way back. */
const outputs = (change: (host: HostTensor, name: string) => HostTensor): Fault => ({
  compiled: (inner) => ({ run: async (inputs) => mapTree(await inner.run(inputs), change) }),
});

/** A step after whose every run `after` meddles with the state. */
const meddling = (after: (state: DeviceState, before: Tree<HostTensor>) => Promise<void>): Fault => ({
  step: (inner, hold) => ({
    async run(state, inputs) {
      const before = await hold(state).read();
      await inner.run(state, inputs);
      await after(hold(state), before);
    },
  }),
});

/** Puts the entries that `which` names back to what they were. */
const keeping = (which: (name: string) => boolean): Fault =>
  meddling((state, before) =>
    state.write(Object.fromEntries(Object.entries(before).filter(([name]) => which(name)))),
  );

const trained = opCases.filter(({ inputs }) => Object.values(inputs).some(({ fixed }) => !fixed));

describe('the sound backend', () => {
  it('is not accused', async () => {
    expect(await caught('functions', {})).toEqual([]);
    expect(await caught('state', {})).toEqual([]);
    expect(await caught('steps', {})).toEqual([]);
  });
});

describe('a backend that says what it is not', () => {
  it('is caught', async () => {
    const failed = await caught('says what it is', { deterministic: false });
    expect(failed).toEqual(['says what it is']);
  });
});

describe('a wrong operation', () => {
  it('is caught, whichever it is', async () => {
    const off = outputs((host, name) => (isGradient(name) ? host : scaled(host, 1.001)));
    expect(await caught('operations', off)).toEqual(opCases.map(({ name }) => name));
  });

  it('is caught where it loses its shape', async () => {
    const flat = outputs((host) => ({ shape: [host.data.length, 1, 1], data: host.data }));
    expect(await caught('operations', flat)).toEqual(opCases.map(({ name }) => name));
  });

  it('is caught by its gradient alone', async () => {
    const off = outputs((host, name) => (isGradient(name) ? scaled(host, 1.001) : host));
    const gone = outputs((host, name) => (isGradient(name) ? scaled(host, 0) : host));
    const silent = ['sign']; // its gradient is zero
    const expected = trained.map(({ name }) => name).filter((name) => !silent.includes(name));
    expect(await caught('operations', off)).toEqual(expected);
    expect(await caught('operations', gone)).toEqual(expected);
  });

  it('is caught where it is not a number', async () => {
    const nan = outputs((host, name) => (isGradient(name) ? host : scaled(host, NaN)));
    const float = opCases.map(({ name }) => name);
    expect(await caught('operations', nan)).toEqual(float);
  });
});

describe('a wrong function', () => {
  const functions = (fault: Fault): Promise<string[]> => caught('functions', fault);

  it('is caught where it harms its constants', async () => {
    const worn: Fault = {
      compiled(inner) {
        let runs = 0;
        return {
          run: async (inputs) => {
            const by = ++runs;
            return mapTree(await inner.run(inputs), (host, name) => (name === 'c' ? scaled(host, by) : host));
          },
        };
      },
    };
    expect(await functions(worn)).toEqual([
      'bakes constants in, and gives inputs and constants back unharmed',
    ]);
  });

  it('is caught where integers become fractions', async () => {
    const floats = outputs(({ shape, data }) => ({ shape, data: Float32Array.from(data) }));
    expect(await functions(floats)).toEqual(['sees bytes as float32 and keeps integers whole']);
  });

  it('is caught where it takes any input', async () => {
    const lenient: Fault = {
      compiled: (inner, spec) => ({
        run: (inputs) =>
          inner.run(
            mapTree(spec.inputs, ({ shape }, name) =>
              inputs[name]?.shape.join() === shape.join() ? inputs[name] : filled(shape),
            ),
          ),
      }),
    };
    expect(await functions(lenient)).toEqual(['refuses inputs that it was not compiled for']);
  });

  it('is caught where it does not stop', async () => {
    expect(await functions({ unstoppable: true })).toEqual(['stops before it starts when told so']);
  });
});

describe('a wrong state', () => {
  const shared = new Map<string, HostTensor>();
  const faults: Readonly<Record<string, Fault['state']>> = {
    'forgets what is written': () => ({ write: () => Promise.resolve() }),
    'gives back what it was given at first': (_, initial) => ({ read: () => Promise.resolve(initial) }),
    'reads all where one was asked for': (inner) => ({ read: () => inner.read() }),
    'writes to every other state': (inner) => ({
      async write(entries) {
        await inner.write(entries);
        for (const [name, host] of Object.entries(entries)) shared.set(name, host);
      },
      read: async (names) => ({ ...(await inner.read(names)), ...Object.fromEntries(shared) }),
    }),
    'takes any shape': (inner) => ({
      write: (entries) => inner.write(entries).catch(() => {}),
    }),
    'invents entries': (inner) => ({
      read: (names) => inner.read(names).catch(() => ({})),
    }),
  };
  it.each(Object.entries(faults))('that %s is caught', async (_, state) => {
    expect(await caught('state', { state: state! })).toEqual([
      'comes back as it went in, and takes new values',
    ]);
  });
});

describe('a wrong update', () => {
  const optimisers = (fault: Fault): Promise<string[]> => caught('optimisers', fault);

  it('is caught where the learning rate is baked in', async () => {
    const baked: Fault = {
      step(inner) {
        let first: Tree<number> | null = null;
        return { run: (state, inputs) => inner.run(state, { ...inputs, hyper: (first ??= inputs.hyper) }) };
      },
    };
    expect(await optimisers(baked)).toHaveLength(5);
  });

  it('is caught where an optimiser forgets', async () => {
    const forgetful = keeping((name) => name.startsWith('slots/'));
    const failed = await optimisers(forgetful);
    expect(failed).not.toContain('gradient descent'); // it has nothing to remember
    expect(failed).toHaveLength(4);
  });

  it('is caught in whole games: a statistic, a weight, noise, a metric', async () => {
    const [, normalised] = toyGames as [unknown, (typeof toyGames)[number]];
    const game = `ten updates of the whole step > ${normalised.name}`;
    const statistics = keeping((name) => name.includes('/stats/'));
    const weight = meddling(async (state, before) => {
      const name = namesOf(before).find((entry) => entry.includes('student/params/'))!;
      await state.write({ [name]: scaled((await state.read([name]))[name]!, 1.0002) });
    });
    const deaf: Fault = {
      step: (inner) => ({
        run: (state, inputs) => inner.run(state, { ...inputs, noise: { seed: 1, step: 0 } }),
      }),
    };
    const boastful: Fault = {
      step: (inner) => ({ metrics: async () => mapTree(await inner.metrics(), (value) => value * 0.99) }),
    };
    for (const fault of [statistics, weight, deaf, boastful])
      expect(await caught(game, fault)).toHaveLength(1);
    expect(await caught(game, {})).toEqual([]);
  });

  it('is caught where nothing moves', async () => {
    const still = 'ten updates of the whole step > the state moved, and the statistics with it';
    expect(
      await caught(
        still,
        keeping((name) => name.includes('/stats/')),
      ),
    ).toHaveLength(1);
    expect(
      await caught(
        still,
        keeping((name) => name.includes('/params/')),
      ),
    ).toHaveLength(1);
  });
});

describe('a wrong step', () => {
  /** Whether the test of that name catches it. */
  const catches = async (name: string, fault: Fault): Promise<boolean> =>
    (await caught(`steps > ${name}`, fault)).length === 1;

  it('is caught where it draws lots', async () => {
    let lots = 0;
    const jitter = meddling(async (state, before) => {
      const [name] = namesOf(before) as [string];
      await state.write({ [name]: scaled((await state.read([name]))[name]!, 1 + ++lots * 1e-6) });
    });
    expect(await catches('the same inputs give the same bytes', jitter)).toBe(true);
  });

  it('is caught where it counts steps by itself', async () => {
    const counting: Fault = {
      step(inner) {
        let step = 0;
        return {
          run: (state, { noise, ...inputs }) =>
            inner.run(state, { ...inputs, noise: { ...noise, step: step++ } }),
        };
      },
    };
    expect(await catches('a state that was read goes on where it stood', counting)).toBe(true);
  });

  it('is caught where another backend disturbs it', async () => {
    /** Every tensor has a number of its own, so another one's work shows. */
    const number = (): number => tf.tidy(() => tf.scalar(0).id);
    let alone: number | null = null;
    const disturbed: Fault = {
      step(inner, hold) {
        let most = 0;
        return {
          async run(state, inputs) {
            const [held, first] = [hold(state), number()];
            await inner.run(state, inputs);
            const [name, before] = Object.entries(await held.read())[0]!;
            most = Math.max(most, number() - first);
            if (alone !== null && most > alone) await held.write({ [name]: scaled(before, 2) });
          },
          dispose: () => ((alone ??= most), inner.dispose()),
        };
      },
    };
    expect(await catches('another backend may work in between', disturbed)).toBe(true);
  });

  it('is caught where metrics are sums, or are never reset', async () => {
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
      expect(await catches('metrics are means since the last reading', fault)).toBe(true);
    }
  });

  it('is caught where it takes any input, or the state of others', async () => {
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
      expect(await catches('bad inputs and states of others are refused, and harm nothing', fault)).toBe(
        true,
      );
    }
  });

  it('is caught where it leaks, while it runs or when it ends', async () => {
    const leak = (): void => void tf.keep(tf.scalar(1));
    const running: Fault = {
      step: (inner) => ({ run: (...to) => (leak(), inner.run(...to)) }),
    };
    const ending: Fault = { step: (inner) => ({ dispose: () => (leak(), inner.dispose()) }) };
    for (const fault of [running, ending]) {
      expect(await catches('memory stays flat over 200 steps, and disposal gives it back', fault)).toBe(true);
    }
  });
});

describe('a backend that does not close', () => {
  it('is caught', async () => {
    const failed = await caught('closes', { dispose: () => Promise.reject(new Error('busy')) });
    expect(failed).toEqual(['closes']);
  });
});
