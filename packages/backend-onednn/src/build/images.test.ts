import { cutAtRankMeans, Graph, type NamedValue, type Value } from '@anc/compiler';
import { describe, expect, it } from 'vitest';
import { flatten } from '../graph/flat-graph.js';
import { imagesOf } from './images.js';

const IMAGE = [2, 16, 4, 4];
const WEIGHTS = [16, 16, 3, 3];

class Fixture {
  readonly graph = new Graph();
  readonly #names = new Map<number, string>();

  input(name: string, shape: readonly number[]): Value {
    return this.graph.input(name, 'float32', shape);
  }

  op(name: string, op: string, inputs: readonly Value[], shape: readonly number[] = IMAGE): Value {
    const made = this.graph.op(op, inputs, 'float32', shape);
    this.#names.set(made.id, name);
    return made;
  }

  images(...values: readonly Value[]): string[] {
    const outputs = values.map((value, i): NamedValue => ({ name: `output${i}`, value }));
    return [...imagesOf(this.graph, outputs)].map((id) => this.#names.get(id) ?? 'input');
  }
}

describe('images of convolutions', () => {
  it('are what they make and read, where else only kernels read them', () => {
    const f = new Fixture();
    const weights = f.input('weights', WEIGHTS);
    const first = f.op('first', 'Conv', [f.input('x', IMAGE), weights]);
    const mean = f.op('mean', 'ReduceMean', [first, f.input('axes', [3])], [1, 16, 1, 1]);
    const normalized = f.op('normalized', 'Relu', [f.op('centered', 'Sub', [first, mean])]);
    const second = f.op('second', 'Conv', [normalized, weights]);
    const sum = f.op('sum', 'Add', [
      second,
      f.op('shortcut', 'Conv', [normalized, f.input('others', WEIGHTS)]),
    ]);
    const pooled = f.op('pooled', 'ReduceMean', [sum, f.input('axes', [3])], [2, 16, 1, 1]);
    const back = f.op('back', 'ConvInputGradient', [f.op('dy', 'Mul', [sum, sum]), weights]);
    const filter = f.op('filter', 'ConvFilterGradient', [normalized, back], WEIGHTS);
    const result = f.op('result', 'Neg', [back]);
    const found = f.images(pooled, filter, result);
    expect(found.sort()).toEqual(['back', 'dy', 'first', 'normalized', 'second', 'shortcut']);
  });

  it('are not what other operations read, what is given back, or weights', () => {
    const f = new Fixture();
    const weights = f.input('weights', WEIGHTS);
    const scaled = f.op('scaled weights', 'Mul', [weights, weights], WEIGHTS);
    const pooled = f.op('read by a pool', 'Conv', [f.input('x', IMAGE), scaled]);
    const pool = f.op('pool', 'MaxPool', [pooled], [2, 16, 2, 2]);
    const given = f.op('given back', 'Conv', [f.op('image', 'Relu', [pool], [2, 16, 2, 2]), scaled]);
    expect(f.images(given)).toEqual(['image']);
  });

  it('are the same in the parts of a step as in the whole', () => {
    const f = new Fixture();
    const weights = f.input('weights', WEIGHTS);
    const first = f.op('first', 'Conv', [f.input('x', IMAGE), weights]);
    const own = f.op('mean', 'ReduceMean', [first, f.input('axes', [3])], [1, 16, 1, 1]);
    const centered = f.op('centered', 'Sub', [first, f.op('of all ranks', 'RankMean', [own], own.shape)]);
    const outputs = [{ name: 'y', value: f.op('second', 'Conv', [centered, weights]) }];
    const images = imagesOf(f.graph, outputs);
    expect(images.size).toBe(2);
    const sections = cutAtRankMeans(f.graph, outputs);
    expect(sections).toHaveLength(2);
    const made = sections.map(({ graph, outputs: own }) => {
      const { nodes, values } = flatten(graph, own, images);
      return nodes.filter((node) => values[node.outputs[0]!]!.isImage).map(({ op }) => op);
    });
    expect(made).toEqual([['Conv'], ['Sub']]);
  });
});
