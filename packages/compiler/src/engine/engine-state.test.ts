import type { HostTensor, Tree } from '@anc/core';
import { describe, expect, it } from 'vitest';
import { toStateLayout } from '../trace/state-layout.js';
import { EngineState } from './engine-state.js';

/** A state whose engine is a record. */
class RecordState extends EngineState {
  readonly entries: Record<string, HostTensor>;

  constructor(state: Tree<HostTensor>) {
    super(0, state);
    this.entries = Object.fromEntries(
      Object.entries(state).map(([name, entry]) => [name, toStateLayout(entry)]),
    );
  }

  protected readEntries(names: readonly string[] | null): Promise<Tree<HostTensor>> {
    const all = names ?? Object.keys(this.entries);
    return Promise.resolve(Object.fromEntries(all.map((name) => [name, this.entries[name]!])));
  }

  protected writeEntries(entries: Tree<HostTensor>): Promise<void> {
    Object.assign(this.entries, entries);
    return Promise.resolve();
  }

  dispose = (): Promise<void> => Promise.resolve();
}

const filter = (from: number): HostTensor => ({
  shape: [2, 1, 2, 3],
  data: Float32Array.from({ length: 12 }, (_, i) => from + i),
});
const step: HostTensor = { shape: [], data: Int32Array.of(7) };

describe('EngineState', () => {
  it('gives entries as they were written, whatever their order in memory', async () => {
    const state = new RecordState({ filter: filter(0), step });
    expect(state.entries.filter!.shape).toEqual([3, 2, 2, 1]); // as convolutions take it
    expect(await state.read()).toEqual({ filter: filter(0), step });
    await state.write({ filter: filter(50) });
    expect(await state.read(['filter'])).toEqual({ filter: filter(50) });
  });

  it('refuses entries that it does not have, and other shapes', async () => {
    const state = new RecordState({ step });
    await expect(state.read(['step', 'stop'])).rejects.toMatchObject({ code: 'ANC_TREE' });
    await expect(state.write({ stop: step })).rejects.toMatchObject({ code: 'ANC_TREE' });
    await expect(state.write({ step: filter(0) })).rejects.toMatchObject({
      code: 'ANC_SHAPE',
      detail: { expected: '[]', received: '[2, 1, 2, 3]' },
    });
    expect(await state.read()).toEqual({ step });
  });
});
