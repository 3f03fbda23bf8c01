import { afterEach, beforeEach, describe, expect, it, vi, type MockInstance } from 'vitest';
import { onInterrupt } from './on-interrupt.js';

const delay = vi.hoisted(() => ({ max: 0 }));
vi.mock('node:perf_hooks', () => ({
  monitorEventLoopDelay: () => ({
    ...{ enable: () => true, disable: () => true, reset: () => undefined },
    get max() {
      return delay.max;
    },
  }),
}));

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

let exit: MockInstance<typeof process.exit>;
beforeEach(() => {
  delay.max = 0;
  exit = vi.spyOn(process, 'exit').mockReturnValue(undefined as never);
});
afterEach(() => exit.mockRestore());

describe('onInterrupt', () => {
  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('aborts at %s, and ends at the next signal', (first) => {
    const onFirst = vi.fn();
    const { signal, release } = onInterrupt(onFirst);
    process.emit(first);
    expect([signal.aborted, onFirst.mock.calls.length, exit.mock.calls.length]).toEqual([true, 1, 0]);
    process.emit('SIGTERM');
    expect(exit).toHaveBeenCalledExactlyOnceWith(130);
    release();
  });

  it('leaves signals to the system after a long busy time, and loses none that came meanwhile', async () => {
    const before = process.listenerCount('SIGINT');
    const { release } = onInterrupt(() => undefined);
    delay.max = 20e9;
    process.emit('SIGINT');
    await turn();
    process.emit('SIGINT'); // as one that came while the first was handled
    expect(exit).toHaveBeenCalledExactlyOnceWith(130);
    await turn();
    await turn();
    expect(process.listenerCount('SIGINT')).toBe(before);
    release();
  });
});
