import '@tensorflow/tfjs-backend-cpu';
import { EagerBackend, type Backend, type Capabilities } from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
import { describeDivided } from '../backend/divided.js';
import { describeFunctions } from '../backend/functions.js';
import { describeOperations } from '../backend/operations.js';
import { describeObjective } from '../backend/objective.js';
import { describeOptimizers } from '../backend/optimizers.js';
import { describeStates } from '../backend/states.js';
import { describeSteps } from '../backend/steps.js';
import { OP_LIMIT, UPDATE_LIMIT, type Subject } from '../backend/subject.js';
import { describeTraining } from '../backend/training.js';
import type { ContractRunner } from '../harness/contract-runner.js';
import { expectation } from '../harness/expectation.js';
import { suiteOf } from '../harness/suite.js';

/** Options of `backendContract`. */
export interface BackendContractOptions {
  /** The capabilities that the backend declares; tests that need others are left out. */
  readonly capabilities?: Partial<Capabilities>;
  /** Largest relative error of an operation, for backends that compute with less than float32; default: 2e-5. */
  readonly operationLimit?: number;
  /** Largest max|Δ| / max|w| of a tensor after updates, for backends whose steps multiply less than float32; default: 1e-4. */
  readonly updateLimit?: number;
  /** Memory that the engine holds, in any unit that grows with a leak; tfjs's tensor count by default. */
  readonly held?: (backend: Backend) => number | Promise<number>;
  /** Called with every measured relative error. */
  readonly observe?: (what: string, relativeError: number) => void;
}

/** What to do where a backend differs from the reference. */
const HINT =
  "compare with tfjs's plain JavaScript, EagerBackend('cpu'), whose numbers are right; declare a capability that is missing.";

/**
 * Contract of a backend: every operation and gradient that networks, methods and discriminators use (against plain
 * float64 loops and their finite differences); gradients of the objective's components and gradient penalties;
 * batch-norm statistics; optimizer updates; the whole adversarial step over 10 updates (max|Δ| / max|w| of every tensor
 * at most 1e-4 of tfjs's plain JavaScript); batches cut into micro-batches or divided among ranks; determinism; constant
 * memory over 200 steps; reading and writing state; errors; disposal.
 *
 * `create` is called once. Tests are left out by declared capability only.
 */
export function backendContract(
  runner: ContractRunner,
  create: () => Backend | Promise<Backend>,
  options: BackendContractOptions = {},
): void {
  const { describe, it } = suiteOf(runner, 'the backend');
  const capabilities = { training: true, deterministic: true, ...options.capabilities };
  let opened: Promise<Backend> | null = null;
  const open = (): Promise<Backend> => (opened ??= Promise.resolve(create()));
  const subject: Subject = {
    describe,
    expect: expectation,
    test: (name, body) => it(name, HINT, async () => body(await open())),
    capabilities,
    oracle: new EagerBackend('cpu'),
    held: options.held ?? (() => tf.memory().numTensors),
    observe: options.observe ?? (() => {}),
    operationLimit: options.operationLimit ?? OP_LIMIT,
    updateLimit: options.updateLimit ?? UPDATE_LIMIT,
  };
  const { test, oracle } = subject;

  describe('backend contract', () => {
    test('has a name and the declared capabilities', async (backend) => {
      expectation(backend.name.length).toBeGreaterThan(0);
      for (const [name, declared] of Object.entries(capabilities)) {
        expectation([name, backend.capabilities[name as keyof Capabilities]]).toEqual([name, declared]);
      }
    });

    describeOperations(subject);
    describeFunctions(subject);
    describeStates(subject);
    if (capabilities.training) {
      describeObjective(subject);
      describeOptimizers(subject);
      describeTraining(subject);
      describeSteps(subject);
      describeDivided(subject);
    }

    test('closes', async (backend) => {
      await backend.dispose();
      await oracle.dispose();
    });
  });
}
