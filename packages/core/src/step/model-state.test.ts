import { describe, expect, it } from 'vitest';
import { modelStateOf, toStateEntries } from './model-state.js';

const parts = {
  params: { 'conv/weights': 1 },
  stats: { 'norm/mean': 2 },
  slots: { 'velocity/conv/weights': 3 },
};

describe('the state of a model', () => {
  it('is written under its name, its kind and the name of the variable', () => {
    expect(toStateEntries('student', parts)).toEqual({
      'student/params/conv/weights': 1,
      'student/stats/norm/mean': 2,
      'student/slots/velocity/conv/weights': 3,
    });
    expect(toStateEntries('student', { stats: { mean: 2 } })).toEqual({ 'student/stats/mean': 2 });
  });

  it('is read back from a state with other models, also those whose names start alike', () => {
    const other = { params: { w: 4 }, stats: {}, slots: {} };
    const state = {
      ...toStateEntries('student', parts),
      ...toStateEntries('student-adapter', other),
      balancer: 5,
    };
    expect(modelStateOf(state, 'student')).toEqual(parts);
    expect(modelStateOf(state, 'student-adapter')).toEqual(other);
    expect(modelStateOf(state, 'discriminator')).toEqual({ params: {}, stats: {}, slots: {} });
  });
});
