import { isAncError, type Backend, type Capabilities, type EagerBackend } from '@anc/core';
import type { ContractRunner } from '../harness/contract-runner.js';
import type { Expectation } from '../harness/expectation.js';

/** What the parts of the backend contract share. */
export interface Subject extends Pick<ContractRunner, 'describe'> {
  readonly expect: (value: unknown) => Expectation;
  /** Declares a test of the backend. */
  test(name: string, body: (backend: Backend) => Promise<void>): void;
  readonly capabilities: Partial<Capabilities> & Pick<Capabilities, 'training' | 'deterministic'>;
  /** The reference: tfjs's plain JavaScript. */
  readonly oracle: EagerBackend;
  /** Memory that the engine holds, in any unit that grows with a leak. */
  held(backend: Backend): number | Promise<number>;
  /** Largest relative error of an operation. */
  readonly operationLimit: number;
  /** Largest max|Δ| / max|w| of a tensor after updates. */
  readonly updateLimit: number;
  /** Called with every measured relative error. */
  observe(what: string, relativeError: number): void;
}

/** Largest relative error of an operation, a gradient or an optimizer update. */
export const OP_LIMIT = 2e-5;

/** max|Δ| / max|w| of a tensor after a few updates. */
export const UPDATE_LIMIT = 1e-4;

/** How far metrics may be off, relative to the larger of 1 and themselves. */
export const metricLimit = ({ updateLimit }: Pick<Subject, 'updateLimit'>): number =>
  Math.max(1e-3, updateLimit / 4);

/** The code of the error that `action` throws, or a description of what it did instead. */
export async function codeOf(action: () => Promise<unknown>): Promise<string> {
  try {
    await action();
  } catch (error) {
    return isAncError(error) ? error.code : `not an AncError: ${String(error)}`;
  }
  return 'no error';
}
