import * as ort from 'onnxruntime-common';
import { describe, expect, it } from 'vitest';
import type { SectionPlan } from './protocol.js';
import { SectionMemory } from './section-memory.js';

const memory = (): SectionMemory => new SectionMemory(ort);
const tensor = (...values: number[]): ort.Tensor =>
  new ort.Tensor('float32', Float32Array.from(values), [values.length]);

const plan: SectionPlan = {
  session: 1,
  feeds: [],
  stateInputs: ['w'],
  changed: ['w'],
  metrics: 2,
  holds: [{ name: 'held/1', type: 'bool', shape: [3], buffer: 0 }],
  reads: [],
  drops: [],
  sends: [
    { output: 'sent/1', input: 'held/2', shape: [2, 2] },
    { output: 'sent/2', input: 'held/3', shape: [] },
  ],
  receives: [],
  isFirst: true,
  isLast: false,
};

describe('SectionMemory', () => {
  it('puts what is sent into one message, part after part', () => {
    const { sent, fetches } = memory().outputsOf(plan, new Map([['w', tensor(1, 2)]]));
    expect(Object.keys(fetches)).toEqual(['held/1', 'sent/1', 'sent/2', 'next/w', 'metrics']);
    (fetches['sent/1']!.data as Float32Array).set([1, 2, 3, 4]);
    (fetches['sent/2']!.data as Float32Array).set([5]);
    expect(sent).toEqual(Float32Array.of(1, 2, 3, 4, 5));
    expect(fetches['sent/1']!.dims).toEqual([2, 2]);
    expect(fetches['held/1']!.data).toEqual(new Uint8Array(3));
    expect(fetches.metrics!.dims).toEqual([2]);
  });

  it('reads the means of others where they lie', () => {
    const message = Float32Array.of(1, 2, 3, 4, 5);
    const views = new Map(memory().views(plan.sends, message));
    expect([...views.keys()]).toEqual(['held/2', 'held/3']);
    expect(views.get('held/3')!.data).toEqual(Float32Array.of(5));
    expect((views.get('held/2')!.data as Float32Array).buffer).toBe(message.buffer);
  });

  it('writes to the same buffers in every step, to a message that was read, and never to the state', () => {
    const own = memory();
    const first = tensor(1, 2);
    const state = new Map([['w', first]]);
    own.begin();
    const one = own.outputsOf(plan, state);
    const message = Float32Array.of(1, 2, 3, 4, 5);
    own.views(plan.sends, message);
    const next = one.fetches['next/w']!;
    expect(next.data).not.toBe(first.data);
    own.between.set('next/w', next);
    own.finish(state);
    expect(state.get('w')).toBe(next);
    own.begin();
    const two = own.outputsOf(plan, state);
    expect(two.sent).toBe(message);
    expect(two.fetches['held/1']!.data).toBe(one.fetches['held/1']!.data);
    expect(two.fetches['next/w']!.data).toBe(first.data);
  });

  it('leaves the state as it was where a step fails before its last section', () => {
    const own = memory();
    const state = new Map([['w', tensor(1)]]);
    const before = state.get('w');
    own.begin();
    own.between.set('next/w', own.outputsOf(plan, state).fetches['next/w']!);
    own.begin();
    own.finish(state);
    expect(state.get('w')).toBe(before);
  });
});
