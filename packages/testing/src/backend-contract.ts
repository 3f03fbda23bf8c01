// More than 300 lines: the whole contract as one list of tests, in the order in which they run.
import '@tensorflow/tfjs-backend-cpu';
import {
  EagerBackend,
  filled,
  isAncError,
  namesOf,
  type Backend,
  type Capabilities,
  type Host,
} from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
import { checkOp } from './backend-contract/check-op.js';
import { equal, relativeError } from './backend-contract/measure.js';
import { opCases } from './backend-contract/op-cases.js';
import { checkOptimizer, optimizerLaws } from './backend-contract/optimizer-law.js';
import {
  compileGame,
  lightToy,
  plainToy,
  play,
  toyGames,
  type ToyGame,
} from './backend-contract/toy-game.js';
import type { NetworkContractRunner } from './network-contract.js';

export interface BackendContractOptions {
  /** Must be what the backend declares. Tests that need more are left out. */
  readonly capabilities?: Partial<Capabilities>;
  /** What the engine holds, in any unit that grows with a leak. Tensors that tfjs counts by default. */
  readonly held?: (backend: Backend) => number | Promise<number>;
  /** Told every relative error that is measured. */
  readonly observe?: (what: string, relativeError: number) => void;
}

const OP_LIMIT = 2e-5;
const STATE_LIMIT = 1e-4;

/**
 * A backend proves itself: every operation and gradient that networks, methods and discriminators use
 * (against plain float64 loops and their finite differences), batch-norm statistics, optimiser updates, the
 * whole adversarial step over 10 updates (max|Δ| / max|w| of every tensor at most 1e-4 of tfjs's plain
 * JavaScript), determinism, memory that stays flat over 200 steps, state read and written, errors, disposal.
 *
 * `create` is called once. Tests are left out by declared capability alone.
 */
export function backendContract(
  { describe, it, expect }: NetworkContractRunner,
  create: () => Backend | Promise<Backend>,
  options: BackendContractOptions = {},
): void {
  const capabilities = { training: true, deterministic: true, ...options.capabilities };
  const observe = options.observe ?? (() => {});
  const held = options.held ?? (() => tf.memory().numTensors);
  let opened: Promise<Backend> | null = null;
  const open = (): Promise<Backend> => (opened ??= Promise.resolve(create()));
  const oracle = new EagerBackend('cpu');
  const test = (name: string, body: (backend: Backend) => Promise<void>): void =>
    it(name, async () => body(await open()));
  const codeOf = async (action: () => Promise<unknown>): Promise<string> => {
    try {
      await action();
    } catch (error) {
      return isAncError(error) ? error.code : `not an AncError: ${String(error)}`;
    }
    return 'nothing was thrown';
  };
  /** Names of entries that differ in any byte. */
  const differing = (a: Readonly<Record<string, Host>>, b: Readonly<Record<string, Host>>): string[] =>
    namesOf(a).filter((name) => !Object.hasOwn(b, name) || !equal(a[name]!, b[name]!));

  describe('backend contract', () => {
    test('says what it is', async (backend) => {
      expect(backend.name.length).toBeGreaterThan(0);
      for (const [name, declared] of Object.entries(capabilities)) {
        expect([name, backend.capabilities[name as keyof Capabilities]]).toEqual([name, declared]);
      }
    });

    describe('operations', () => {
      for (const op of opCases) {
        test(op.name, async (backend) => {
          const errors = await checkOp(backend, op, capabilities.training);
          observe(op.name, errors.value);
          expect(errors.value).toBeLessThan(OP_LIMIT);
          for (const [input, error] of Object.entries(errors.gradients)) {
            observe(`${op.name}: gradient of ${input}`, error);
            expect([input, error < OP_LIMIT ? 'right' : error]).toEqual([input, 'right']);
          }
        });
      }
    });

    describe('functions', () => {
      const inputs = { x: { shape: [2, 2], dtype: 'float32' } } as const;
      const x: Host = { shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) };

      test('bakes constants in, and gives inputs and constants back unharmed', async (backend) => {
        const constants = { c: { shape: [2], data: Float32Array.of(10, 20) } };
        const compiled = await backend.compileFunction(
          ({ x, c }) => ({ sum: tf.add(x!, c!), again: tf.add(x!, c!), x: x!, c: c! }),
          { id: 'contract: constants', inputs },
          constants,
        );
        for (let run = 0; run < 2; run++) {
          const found = await compiled.run({ x });
          expect([...found.sum!.data]).toEqual([11, 22, 13, 24]);
          expect([...found.again!.data]).toEqual([11, 22, 13, 24]);
          expect([...found.x!.data]).toEqual([1, 2, 3, 4]);
          expect([...found.c!.data]).toEqual([10, 20]);
        }
        await compiled.dispose();
      });

      test('sees bytes as float32 and keeps integers whole', async (backend) => {
        const compiled = await backend.compileFunction(
          ({ bytes, labels }) => ({
            halved: tf.div(bytes!, 2),
            next: tf.add(labels!, tf.scalar(1, 'int32')),
          }),
          {
            id: 'contract: types',
            inputs: { bytes: { shape: [3], dtype: 'uint8' }, labels: { shape: [2], dtype: 'int32' } },
          },
        );
        const found = await compiled.run({
          bytes: { shape: [3], data: Uint8Array.of(0, 1, 255) },
          labels: { shape: [2], data: Int32Array.of(7, -3) },
        });
        expect([...found.halved!.data]).toEqual([0, 0.5, 127.5]);
        expect([...found.next!.data]).toEqual([8, -2]);
        expect(found.next!.data instanceof Int32Array).toBe(true);
        await compiled.dispose();
      });

      test('refuses inputs that it was not compiled for', async (backend) => {
        const compiled = await backend.compileFunction(({ x }) => ({ x: tf.neg(x!) }), {
          id: 'contract: feed',
          inputs,
        });
        expect(await codeOf(() => compiled.run({}))).toBe('ANC_FEED');
        expect(await codeOf(() => compiled.run({ x: filled([2, 3]) }))).toBe('ANC_FEED');
        await compiled.dispose();
      });

      test('stops before it starts when told so', async (backend) => {
        const aborted = backend.compileFunction(
          ({ x }) => ({ x: x! }),
          { id: 'contract: signal', inputs },
          {},
          {
            signal: AbortSignal.abort(),
          },
        );
        expect(
          await aborted.then(
            () => 'compiled',
            () => 'stopped',
          ),
        ).toBe('stopped');
      });
    });

    describe('state', () => {
      test('comes back as it went in, and takes new values', async (backend) => {
        const initial = plainToy.initial();
        const [one, other] = [await backend.upload(initial), await backend.upload(initial)];
        expect(differing(initial, await one.read())).toEqual([]);
        const [name] = namesOf(initial) as [string];
        const changed = filled(initial[name]!.shape, 0.25);
        await one.write({ [name]: changed });
        expect(differing({ ...initial, [name]: changed }, await one.read())).toEqual([]);
        expect(namesOf(await one.read([name]))).toEqual([name]);
        expect(differing(initial, await other.read())).toEqual([]);
        expect(await codeOf(() => one.write({ [name]: filled([1, 2, 3, 4, 5]) }))).toBe('ANC_SHAPE');
        expect(await codeOf(() => one.write({ nowhere: filled([1]) }))).toBe('ANC_TREE');
        expect(await codeOf(() => one.read(['nowhere']))).toBe('ANC_TREE');
        await one.dispose();
        await other.dispose();
      });
    });

    if (capabilities.training) describeTraining();

    test('closes', async (backend) => {
      await backend.dispose();
      await oracle.dispose();
    });
  });

  function describeTraining(): void {
    describe('optimisers', () => {
      for (const [name, optimizer, law] of optimizerLaws) {
        test(name, async (backend) => {
          const error = await checkOptimizer(backend, optimizer, law);
          observe(`optimiser: ${name}`, error);
          expect(error).toBeLessThan(OP_LIMIT);
        });
      }
    });

    describe('ten updates of the whole step', () => {
      for (const game of toyGames) {
        test(game.name, async (backend) => {
          const [found, wanted] = [await play(backend, game, 10), await play(oracle, game, 10)];
          expect(namesOf(found.state)).toEqual(namesOf(wanted.state));
          expect(wrongEntries(game, found.state, wanted.state)).toEqual([]);
          expect(namesOf(found.metrics)).toEqual(namesOf(wanted.metrics));
          const wrong = namesOf(wanted.metrics).filter((name) => {
            const [a, b] = [found.metrics[name]!, wanted.metrics[name]!];
            return !(Math.abs(a - b) <= 1e-3 * Math.max(1, Math.abs(b)));
          });
          expect(wrong).toEqual([]);
        });
      }

      test('the state moved, and the statistics with it', async (backend) => {
        const game = toyGames[1]!;
        const { state } = await play(backend, game, 2);
        const initial = game.initial();
        const same = namesOf(initial).filter((name) => equal(initial[name]!, state[name]!));
        expect(same.filter((name) => !name.startsWith('discriminator/slots'))).toEqual([]);
      });
    });

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

  /** Entries that are further from the oracle than allowed, with their error. */
  function wrongEntries(
    game: ToyGame,
    found: Readonly<Record<string, Host>>,
    wanted: Readonly<Record<string, Host>>,
  ): string[] {
    return namesOf(wanted).flatMap((name) => {
      const zero = game.still.includes(name);
      const expected = zero ? { data: wanted[name]!.data.map(() => 0) } : wanted[name]!;
      const error = relativeError(found[name]!, expected);
      if (!zero) observe(`${game.name}: ${name}`, error);
      return error <= STATE_LIMIT ? [] : [`${name}: ${error}`];
    });
  }
}
