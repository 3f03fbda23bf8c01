import { afterEach, expect, it, vi } from 'vitest';
import { endWithoutTerminal } from './lost-terminal.js';

const state = vi.hoisted(() => ({ terminals: new Set<number>(), closed: [] as number[] }));
vi.mock('node:tty', () => ({ isatty: (descriptor: number) => state.terminals.has(descriptor) }));
vi.mock('node:fs', () => ({ closeSync: (descriptor: number) => state.closed.push(descriptor) }));

const before = process.listeners('exit');
afterEach(() => {
  for (const listener of process.listeners('exit')) {
    if (!before.includes(listener)) process.off('exit', listener);
  }
});

it('closes what was a terminal and is none any more, at the end', () => {
  state.terminals = new Set([100, 102]);
  endWithoutTerminal([100, 101, 102]);
  state.terminals.delete(102); // it was closed
  expect(state.closed).toEqual([]);
  process.listeners('exit').at(-1)!(0);
  expect(state.closed).toEqual([102]);
});
