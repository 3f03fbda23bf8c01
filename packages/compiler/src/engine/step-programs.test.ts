import type { Step, StepSpec } from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { StepPrograms } from './step-programs.js';

const spec: StepSpec = { state: { w: { shape: [3], dtype: 'float32' } }, batch: {}, hyper: [] };

/** A step that counts how often its code runs, and programs that say what happened to them. */
function setting(fault?: Error, kept?: string) {
  const happened: string[] = [];
  const step: Step = {
    id: 'toy',
    phases: [
      {
        name: 'student',
        gradients: (state) => {
          happened.push('runs');
          return { grads: { w: state['w']! }, stats: {}, metrics: {} };
        },
        update: (state, grads) => ({ w: tf.sub(state['w']!, grads['w']!) }),
      },
    ],
  };
  const programs = new StepPrograms<string>({
    target: {},
    build({ changed }, _, of) {
      happened.push(of === undefined ? 'built' : `built for ${of.id} of ${of.code}`);
      return fault === undefined ? Promise.resolve(changed.join()) : Promise.reject(fault);
    },
    find(_, { id, code }) {
      const key = `${id} of ${code}`;
      return Promise.resolve(key === kept ? () => Promise.resolve(`found ${key}`) : null);
    },
    free(program) {
      happened.push(`freed ${program}`);
      return Promise.resolve();
    },
  });
  return { happened, step, programs };
}

describe('StepPrograms', () => {
  it('builds a step once for all of its users, and frees it after the last', async () => {
    const { happened, step, programs } = setting();
    const [one, other] = await Promise.all([programs.take(step, spec), programs.take(step, spec)]);
    expect(one.program).toBe('w');
    await one.release();
    expect(happened).toEqual(['runs', 'runs', 'built']); // traced twice, and compared
    await other.release();
    expect(happened.slice(3)).toEqual(['freed w']);
    await programs.take(step, spec);
    expect(happened.slice(4)).toEqual(['runs', 'runs', 'built']);
  });

  it('takes what it prepared for the same spec in another order, as of a state that was read from a file', async () => {
    const { happened, step, programs } = setting();
    const leaf = { shape: [3], dtype: 'float32' } as const;
    const state = { w: leaf, a: leaf };
    await programs.rehearseOrFind(step, { state, batch: {}, hyper: [] }, { repeats: false });
    programs.prepare(step, { state, batch: {}, hyper: [] });
    await programs.take(step, { hyper: [], batch: {}, state: { a: leaf, w: leaf } });
    expect(happened).toEqual(['runs', 'built']);
  });

  it('builds another one for another spec', async () => {
    const { happened, step, programs } = setting();
    await programs.take(step, spec);
    await programs.take(step, { ...spec, hyper: ['rate'] });
    expect(happened.filter((what) => what === 'built')).toHaveLength(2);
  });

  it('takes the trace of a rehearsal, once', async () => {
    const { happened, step, programs } = setting();
    programs.rehearse(step, spec, { repeats: false });
    expect(happened).toEqual(['runs']);
    const { release } = await programs.take(step, spec);
    expect(happened).toEqual(['runs', 'built']);
    await release();
    await programs.take(step, spec);
    expect(happened.slice(3)).toEqual(['runs', 'runs', 'built']);
  });

  it('keeps no trace of a step that will not be compiled', async () => {
    const { happened, step, programs } = setting();
    programs.rehearse(step, spec, { compiles: false });
    await programs.take(step, spec);
    expect(happened).toEqual(['runs', 'runs', 'runs', 'runs', 'built']);
  });

  it('forgets what could not be built', async () => {
    const { happened, step, programs } = setting(new Error('no room'));
    await expect(programs.take(step, spec)).rejects.toThrow('no room');
    await expect(programs.take(step, spec)).rejects.toThrow('no room');
    expect(happened.filter((what) => what === 'built')).toHaveLength(2);
    expect(happened.some((what) => what.startsWith('freed'))).toBe(false);
  });

  it('gives back what was aborted while it was built', async () => {
    const { happened, step, programs } = setting();
    const abort = new AbortController();
    const taking = programs.take(step, spec, abort.signal);
    abort.abort(new Error('stopped'));
    await expect(taking).rejects.toThrow('stopped');
    expect(happened.at(-1)).toBe('freed w');
  });

  it('does not trace what an earlier process kept, and has it kept otherwise', async () => {
    const { happened, step, programs } = setting(undefined, 'toy of code');
    await programs.rehearseOrFind(step, spec, { repeats: false, code: 'code' });
    expect((await programs.take(step, spec)).program).toBe('found toy of code');
    expect(happened).toEqual([]);
    const other = { ...step, id: 'other' };
    await programs.rehearseOrFind(other, spec, { repeats: false, code: 'code' });
    await programs.take(other, spec);
    expect(happened).toEqual(['runs', 'built for other of code']);
  });

  it.each([
    ['the code is not known', { repeats: false }],
    ['code runs twice', { code: 'code' }],
    ['it will not be compiled', { repeats: false, code: 'code', compiles: false }],
  ])('looks for no step where %s', async (_, options) => {
    const { happened, step, programs } = setting(undefined, 'toy of code');
    await programs.rehearseOrFind(step, spec, options);
    expect(happened).toContain('runs');
    expect((await programs.take(step, spec)).program).toBe('w');
    expect(happened.at(-1)).toBe('built'); // and kept for nobody
  });

  it('begins to build a step ahead, once', async () => {
    const { happened, step, programs } = setting();
    programs.prepare(step, spec);
    expect(happened).toEqual([]); // it was not rehearsed
    programs.rehearse(step, spec, { repeats: false });
    for (let i = 0; i < 2; i++) programs.prepare(step, spec);
    expect(happened).toEqual(['runs', 'built']);
    const { release } = await programs.take(step, spec);
    expect(happened).toEqual(['runs', 'built']);
    await release();
    expect(happened.at(-1)).toBe('freed w');
  });

  it('throws where it is taken what building ahead threw', async () => {
    const { step, programs } = setting(new Error('no room'));
    programs.rehearse(step, spec, { repeats: false });
    programs.prepare(step, spec);
    await new Promise((done) => setTimeout(done));
    await expect(programs.take(step, spec)).rejects.toThrow('no room');
  });
});
