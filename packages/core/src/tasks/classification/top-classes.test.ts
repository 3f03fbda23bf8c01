import { describe, expect, it } from 'vitest';
import { topClasses } from './top-classes.js';

describe('topClasses', () => {
  it('are the indices of the largest logits, the first of equal ones', () => {
    const data = Float32Array.of(1, 3, 2, -1, -2, -3, 0, 5, 5);
    expect(topClasses({ classes: 3, data })).toEqual(Int32Array.of(1, 0, 1));
  });

  it('of no images are none', () => {
    expect(topClasses({ classes: 0, data: new Float32Array(0) })).toEqual(new Int32Array(0));
  });
});
