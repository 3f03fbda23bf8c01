import type { RunHook } from '@anc/core';
import { describe, expect, it } from 'vitest';
import { hookContract } from '../src/index.js';
import { failuresOf } from './collect.js';

const failures = async (create: () => RunHook): Promise<string[]> =>
  (await failuresOf((runner) => hookContract(runner, create))).map((name) =>
    name.replace('hook contract > ', ''),
  );

/** Stops at its third epoch; counts by model. */
function counting(more: Partial<RunHook> = {}): RunHook {
  const counts = new Map<string, number>();
  return {
    name: 'counting',
    onError: 'end',
    onEpoch({ model }) {
      const count = (counts.get(model.name) ?? 0) + 1;
      counts.set(model.name, count);
      return count >= 5 ? { stop: 'model', reason: 'five epochs' } : undefined;
    },
    state: (model) => counts.get(model) ?? null,
    restore: (model, state) => void counts.set(model, state as number),
    ...more,
  };
}

describe('hookContract', () => {
  it('accepts a correct hook', async () => {
    expect(await failures(() => counting())).toEqual([]);
  });

  let calls = 0;
  it.each<[string, () => RunHook, string]>([
    [
      'a wrong answer',
      () => counting({ onEpoch: () => true as never }),
      'answers with nothing, or with a request that has a reason',
    ],
    [
      'a request without a reason',
      () => counting({ onEpoch: () => ({ stop: 'run', reason: '' }) }),
      'answers with nothing, or with a request that has a reason',
    ],
    [
      'a state that is forgotten',
      () => counting({ restore: () => undefined }),
      'goes on from its state, held by JSON, as without an interruption',
    ],
    [
      'a state that JSON does not hold',
      () => counting({ state: () => NaN }),
      'goes on from its state, held by JSON, as without an interruption',
    ],
    [
      'memory of other runs',
      () => counting({ onStep: () => (++calls % 5 === 0 ? { stop: 'run', reason: 'x' } : undefined) }),
      'gives the same answers to the same calls',
    ],
    [
      'no word on errors',
      () => counting({ onError: undefined as never }),
      'has a name, and says what happens where it throws',
    ],
    [
      'nothing to call',
      () => ({ name: 'idle', onError: 'end' }),
      'can be called for everything that it follows',
    ],
  ])('notices %s', async (_, create, test) => {
    calls = 0;
    expect(await failures(create)).toContain(test);
  });
});
