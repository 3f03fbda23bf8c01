import { filled, mapTree, namesOf, type HostTensor, type Tree } from '@anc/core';
import { describe, expect, it } from 'vitest';
import { residualStep } from '../src/backend/toy-steps.js';
import { opCases } from '../src/operations/op-cases.js';
import { caught, outputs, resetting, scaled, tampering } from './faults.js';
import type { Fault } from './faulty-backend.js';

const isGradient = (name: string): boolean => name.startsWith('gradient/');

const trained = opCases.filter(({ inputs }) => Object.values(inputs).some(({ fixed }) => !fixed));

describe('a correct backend', () => {
  it('passes', async () => {
    expect(await caught('functions', {})).toEqual([]);
    expect(await caught('state', {})).toEqual([]);
    expect(await caught('steps', {})).toEqual([]);
  });
});

describe('a backend with other capabilities than declared', () => {
  it('is caught', async () => {
    const failed = await caught('has a name and the declared capabilities', { deterministic: false });
    expect(failed).toEqual(['has a name and the declared capabilities']);
  });
});

describe('a wrong operation', () => {
  it('is caught for every operation', async () => {
    const off = outputs((host, name) => (isGradient(name) ? host : scaled(host, 1.001)));
    expect(await caught('operations', off)).toEqual(opCases.map(({ name }) => name));
  });

  it('is caught if its shape is wrong', async () => {
    const flat = outputs((host) => ({ shape: [host.data.length, 1, 1], data: host.data }));
    expect(await caught('operations', flat)).toEqual(opCases.map(({ name }) => name));
  });

  it('is caught if only its gradient is wrong', async () => {
    const off = outputs((host, name) => (isGradient(name) ? scaled(host, 1.001) : host));
    const gone = outputs((host, name) => (isGradient(name) ? scaled(host, 0) : host));
    const silent = ['sign']; // its gradient is zero
    const expected = trained.map(({ name }) => name).filter((name) => !silent.includes(name));
    expect(await caught('operations', off)).toEqual(expected);
    expect(await caught('operations', gone)).toEqual(expected);
  });

  it('is caught if it is NaN', async () => {
    const nan = outputs((host, name) => (isGradient(name) ? host : scaled(host, NaN)));
    const float = opCases.map(({ name }) => name);
    expect(await caught('operations', nan)).toEqual(float);
  });
});

describe('a wrong function', () => {
  const functions = (fault: Fault): Promise<string[]> => caught('functions', fault);

  it('is caught if it changes its constants', async () => {
    const changing: Fault = {
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
    expect(await functions(changing)).toEqual([
      'compiles constants in, and returns inputs and constants unchanged',
    ]);
  });

  it('is caught if integers become floats', async () => {
    const floats = outputs(({ shape, data }) => ({ shape, data: Float32Array.from(data) }));
    expect(await functions(floats)).toEqual(['converts bytes to float32 and keeps int32']);
  });

  it('is caught if it accepts any input', async () => {
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
    expect(await functions(lenient)).toEqual(['rejects inputs that it was not compiled for']);
  });

  it('is caught if it ignores the signal', async () => {
    expect(await functions({ unstoppable: true })).toEqual(['does not start if the signal is aborted']);
  });
});

describe('a wrong state', () => {
  const shared = new Map<string, HostTensor>();
  const faults: Readonly<Record<string, Fault['state']>> = {
    'ignores writes': () => ({ write: () => Promise.resolve() }),
    'always reads the initial values': (_, initial) => ({ read: () => Promise.resolve(initial) }),
    'reads all entries instead of the requested ones': (inner) => ({ read: () => inner.read() }),
    'writes to every other state, too': (inner) => ({
      async write(entries) {
        await inner.write(entries);
        for (const [name, host] of Object.entries(entries)) shared.set(name, host);
      },
      read: async (names) => ({ ...(await inner.read(names)), ...Object.fromEntries(shared) }),
    }),
    'accepts any shape': (inner) => ({
      write: (entries) => inner.write(entries).catch(() => {}),
    }),
    'invents entries': (inner) => ({
      read: (names) => inner.read(names).catch(() => ({})),
    }),
  };
  it.each(Object.entries(faults))('that %s is caught', async (_, state) => {
    expect(await caught('state', { state: state! })).toContain(
      'is read as it was uploaded, and can be overwritten',
    );
  });
});

it('a state that turns filters of many outputs is caught', async () => {
  const turned: Fault['state'] = (inner) => ({
    async read(names) {
      const wrong = ({ shape, data }: HostTensor): HostTensor =>
        shape.length === 4 && shape[3]! > 64 ? { shape, data: data.toReversed() } : { shape, data };
      return mapTree(await inner.read(names), wrong);
    },
  });
  expect(await caught('state', { state: turned })).toEqual(['keeps entries of every shape']);
});

describe('a wrong update', () => {
  const optimizers = (fault: Fault): Promise<string[]> => caught('optimizers', fault);

  it('is caught if the learning rate is a constant', async () => {
    const constantRate: Fault = {
      step(inner) {
        let first: Tree<number> | null = null;
        return { run: (state, inputs) => inner.run(state, { ...inputs, hyper: (first ??= inputs.hyper) }) };
      },
    };
    expect(await optimizers(constantRate)).toHaveLength(5);
  });

  it('is caught if an optimizer loses its slots', async () => {
    const withoutSlots = resetting((name) => name.startsWith('slots/'));
    const failed = await optimizers(withoutSlots);
    expect(failed).not.toContain('gradient descent'); // it has no slots
    expect(failed).toHaveLength(4);
  });

  it('is caught in whole training steps: a statistic, a weight, noise, a metric', async () => {
    const part = `ten updates of the whole step > ${residualStep.name}`;
    const statistics = resetting((name) => name.includes('/stats/'));
    const weight = tampering(async (state, before) => {
      const name = namesOf(before).find((entry) => entry.includes('student/params/'))!;
      await state.write({ [name]: scaled((await state.read([name]))[name]!, 1.0002) });
    });
    const sameNoise: Fault = {
      step: (inner) => ({
        run: (state, inputs) => inner.run(state, { ...inputs, noise: { seed: 1, step: 0 } }),
      }),
    };
    const wrongMetrics: Fault = {
      step: (inner) => ({ metrics: async () => mapTree(await inner.metrics(), (value) => value * 0.99) }),
    };
    for (const fault of [statistics, weight, sameNoise, wrongMetrics])
      expect(await caught(part, fault)).toHaveLength(1);
    expect(await caught(part, {})).toEqual([]);
  });

  it('is caught if nothing changes', async () => {
    const still = 'ten updates of the whole step > change all parameters and statistics';
    expect(
      await caught(
        still,
        resetting((name) => name.includes('/stats/')),
      ),
    ).toHaveLength(1);
    expect(
      await caught(
        still,
        resetting((name) => name.includes('/params/')),
      ),
    ).toHaveLength(1);
  });
});

describe('a backend that cannot be closed', () => {
  it('is caught', async () => {
    const failed = await caught('closes', { dispose: () => Promise.reject(new Error('busy')) });
    expect(failed).toEqual(['closes']);
  });
});
