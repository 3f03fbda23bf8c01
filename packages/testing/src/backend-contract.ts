import '@tensorflow/tfjs-backend-cpu';
import { EagerBackend, type Backend, type Capabilities } from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
import { describeFunctions } from './backend-contract/functions.js';
import { describeGames } from './backend-contract/games.js';
import { describeOperations } from './backend-contract/operations.js';
import { describeOptimizers } from './backend-contract/optimizers.js';
import { describeStates } from './backend-contract/states.js';
import { describeSteps } from './backend-contract/steps.js';
import type { Subject } from './backend-contract/subject.js';
import type { NetworkContractRunner } from './network-contract.js';

export interface BackendContractOptions {
  /** Must be what the backend declares. Tests that need more are left out. */
  readonly capabilities?: Partial<Capabilities>;
  /** What the engine holds, in any unit that grows with a leak. Tensors that tfjs counts by default. */
  readonly held?: (backend: Backend) => number | Promise<number>;
  /** Told every relative error that is measured. */
  readonly observe?: (what: string, relativeError: number) => void;
}

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
  let opened: Promise<Backend> | null = null;
  const open = (): Promise<Backend> => (opened ??= Promise.resolve(create()));
  const subject: Subject = {
    describe,
    expect,
    test: (name, body) => it(name, async () => body(await open())),
    capabilities,
    oracle: new EagerBackend('cpu'),
    held: options.held ?? (() => tf.memory().numTensors),
    observe: options.observe ?? (() => {}),
  };
  const { test, oracle } = subject;

  describe('backend contract', () => {
    test('says what it is', async (backend) => {
      expect(backend.name.length).toBeGreaterThan(0);
      for (const [name, declared] of Object.entries(capabilities)) {
        expect([name, backend.capabilities[name as keyof Capabilities]]).toEqual([name, declared]);
      }
    });

    describeOperations(subject);
    describeFunctions(subject);
    describeStates(subject);
    if (capabilities.training) {
      describeOptimizers(subject);
      describeGames(subject);
      describeSteps(subject);
    }

    test('closes', async (backend) => {
      await backend.dispose();
      await oracle.dispose();
    });
  });
}
