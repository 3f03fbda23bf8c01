import type { HookEpoch, HookStep, RunHook } from '@anc/core';
import { describe, expect, it } from 'vitest';
import { HookRunner } from './hook-runner.js';

const epoch = { model: { name: 'l2' }, metrics: {} } as unknown as HookEpoch;
const step = { model: { name: 'l2' } } as unknown as HookStep;
const end = { outcome: 'finished', result: null } as const;

function runnerOf(...hooks: RunHook[]) {
  const notices: string[] = [];
  const planned = hooks.map((hook) => ({ hook, plugin: 'own-plugin' }));
  return { runner: new HookRunner(planned, (message) => notices.push(message)), notices };
}

const hook = (more: Partial<RunHook>): RunHook => ({ name: 'own', onError: 'end', ...more });
const thrower = (onError: RunHook['onError']): RunHook =>
  hook({
    onError,
    onEpoch: () => {
      throw new TypeError('no such field');
    },
  });

describe('HookRunner', () => {
  it('asks every hook, in order, and takes the first request', async () => {
    const asked: string[] = [];
    const asking = (name: string, reason: string | null): RunHook =>
      hook({
        name,
        onEpoch() {
          asked.push(name);
          return reason === null ? undefined : { stop: 'model', reason };
        },
      });
    const { runner } = runnerOf(asking('a', null), asking('b', 'first'), asking('c', 'second'));
    expect(await runner.onEpoch(epoch)).toEqual({
      stop: 'model',
      reason: 'first',
      by: 'b',
      plugin: 'own-plugin',
    });
    expect(asked).toEqual(['a', 'b', 'c']);
  });

  it('ends the run with an error that names hook, plugin and event where a hook declares so', async () => {
    const { runner } = runnerOf(thrower('end'));
    await expect(runner.onEpoch(epoch)).rejects.toMatchObject({
      code: 'ANC_HOOK',
      message: 'hook "own" of plugin "own-plugin" in onEpoch fails: no such field',
    });
  });

  it('disables a hook with one warning where it declares so, and remembers it', async () => {
    let ended = 0;
    const failing = {
      ...thrower('disable'),
      onRunEnd: () => {
        ended++;
      },
    };
    const { runner, notices } = runnerOf(failing);
    expect(await runner.onEpoch(epoch)).toBeNull();
    expect(await runner.onEpoch(epoch)).toBeNull();
    await runner.onRunEnd(end);
    expect(ended).toBe(0);
    expect(notices).toHaveLength(1);
    expect(notices[0]).toMatch(/hook "own" of plugin "own-plugin" in onEpoch fails: no such field .*goes on/);

    const memory = await runner.memoryOf('l2');
    expect(memory.disabled).toEqual(['own']);
    const again = runnerOf(failing);
    await again.runner.restore('l2', memory, false);
    await again.runner.onRunEnd(end);
    expect(ended).toBe(0);
  });

  it('refuses an answer that is no request', async () => {
    const { runner } = runnerOf(hook({ onStep: () => ({ stop: 'now', reason: 'x' }) as never }));
    await expect(runner.onStep(step)).rejects.toMatchObject({ code: 'ANC_HOOK' });
  });

  it('keeps the state of each model', async () => {
    const counts = new Map<string, number>();
    const counter = hook({
      onStep: ({ model }) => void counts.set(model.name, (counts.get(model.name) ?? 0) + 1),
      state: (model) => counts.get(model) ?? null,
      restore: (model, state) => void counts.set(model, (state as number) + 100),
    });
    const { runner } = runnerOf(counter);
    await runner.onStep(step);
    const memory = await runner.memoryOf('l2');
    expect(memory).toEqual({ states: { own: '1' }, disabled: [] });
    await runner.restore('l2', memory, false);
    expect(counts.get('l2')).toBe(101);
  });
});
