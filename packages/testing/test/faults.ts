import { mapTree, type DeviceState, type HostTensor, type Tree } from '@anc/core';
import { backendContract } from '../src/index.js';
import { failuresOf } from './collect.js';
import { FaultyBackend, type Fault } from './faulty-backend.js';

const ROOT = 'backend contract > ';

/** Names of the backend contract's tests under `part` that fail with a fault. */
export async function caught(part: string, fault: Fault): Promise<string[]> {
  const backend = new FaultyBackend(fault);
  const failed = await failuresOf((runner) => backendContract(runner, () => backend), ROOT + part);
  return failed.map((name) => name.slice(ROOT.length).replace(`${part} > `, ''));
}

/** A tensor times a number. */
export const scaled = ({ shape, data }: HostTensor, by: number): HostTensor => ({
  shape,
  data: data.map((v) => v * by),
});

/** A function whose outputs are changed. */
export const outputs = (change: (host: HostTensor, name: string) => HostTensor): Fault => ({
  compiled: (inner) => ({ run: async (inputs) => mapTree(await inner.run(inputs), change) }),
});

/** A step that changes the state after every run. */
export const tampering = (after: (state: DeviceState, before: Tree<HostTensor>) => Promise<void>): Fault => ({
  step: (inner, hold) => ({
    async run(state, inputs) {
      const before = await hold(state).read();
      await inner.run(state, inputs);
      await after(hold(state), before);
    },
  }),
});

/** Resets the entries that `which` selects after every run. */
export const resetting = (which: (name: string) => boolean): Fault =>
  tampering((state, before) =>
    state.write(Object.fromEntries(Object.entries(before).filter(([name]) => which(name)))),
  );
