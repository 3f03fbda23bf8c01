import { describe, expect, it } from 'vitest';
import { Heap } from '../memory/heap.js';
import { States } from './states.js';

const weights = { weights: { shape: [2], data: Float32Array.of(1, 2) } };

describe('states', () => {
  it('are replaced by the outputs of steps', () => {
    const states = new States(new Heap());
    states.create(3, weights);
    states.replace(3, new Map([['next/weights', Float32Array.of(3, 4)]]));
    expect(states.read(3, null)['weights']!.data).toEqual(Float32Array.of(3, 4));
  });

  it('are of no use after a step that failed in the middle', () => {
    const heap = new Heap();
    const states = new States(heap);
    states.create(3, weights);
    states.create(4, weights);
    states.spoil(3);
    for (const use of [() => states.read(3, null), () => states.write(3, weights), () => states.places(3)])
      expect(use).toThrow('failed in the middle of advancing this state');
    expect(states.read(4, null)['weights']!.data).toEqual(weights.weights.data);
    states.release(3);
    states.release(4);
    expect(heap.used).toBe(0);
    states.create(3, weights);
    expect(states.read(3, null)['weights']!.data).toEqual(weights.weights.data);
  });
});
