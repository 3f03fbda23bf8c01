import {
  isAncError,
  namesOf,
  type Backend,
  type Capabilities,
  type EagerBackend,
  type HostTensor,
  type Tree,
} from '@anc/core';
import type { NetworkContractRunner } from '../network-contract.js';
import { equal } from './measure.js';

/** What every part of the contract needs. */
export interface Subject extends Pick<NetworkContractRunner, 'describe' | 'expect'> {
  /** Declares a test, which is given the backend that is to prove itself. */
  test(name: string, body: (backend: Backend) => Promise<void>): void;
  readonly capabilities: Partial<Capabilities> & Pick<Capabilities, 'training' | 'deterministic'>;
  /** tfjs's plain JavaScript. */
  readonly oracle: EagerBackend;
  /** What the engine holds, in any unit that grows with a leak. */
  held(backend: Backend): number | Promise<number>;
  /** Told every relative error that is measured. */
  observe(what: string, relativeError: number): void;
}

/** Largest relative error of an operation, a gradient or an optimiser's update. */
export const OP_LIMIT = 2e-5;

/** The code of the error that `action` throws, or what it did instead. */
export async function codeOf(action: () => Promise<unknown>): Promise<string> {
  try {
    await action();
  } catch (error) {
    return isAncError(error) ? error.code : `not an AncError: ${String(error)}`;
  }
  return 'nothing was thrown';
}

/** Names of entries that differ in any byte. */
export const differing = (a: Tree<HostTensor>, b: Tree<HostTensor>): string[] =>
  namesOf(a).filter((name) => !Object.hasOwn(b, name) || !equal(a[name]!, b[name]!));
