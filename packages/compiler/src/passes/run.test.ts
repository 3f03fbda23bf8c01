import { describe, expect, it } from 'vitest';
import { GraphFixture, named, operators } from '../../test/graph-fixtures.js';
import { binary } from '../graph/arithmetic.js';
import { Graph } from '../graph/graph.js';
import { rewriteNodes } from '../graph/rewrite.js';
import { targetOf, type Target } from '../graph/target.js';
import { passes } from './index.js';
import type { GraphPass, PeepholePass } from './pass.js';
import { peepholesFor, runPasses } from './run.js';

/** Replaces every node of one operator by another operator. */
const renaming = (from: string, to: string, when: GraphPass['when'] = () => true): GraphPass => ({
  name: `${from} to ${to}`,
  stage: 'graph',
  when,
  rewrite: (graph, { outputs }) =>
    rewriteNodes(graph, outputs, ({ nodes }, { current, replace }) => {
      const found = nodes.filter(({ op }) => op === from);
      return new Map(
        found.map(({ inputs, outputs: [output] }, i) => [
          found[i]!,
          () =>
            replace(
              output!,
              graph.op(
                to,
                inputs.map((x) => x && current(x)),
                'float32',
                output!.shape,
              ),
            ),
        ]),
      );
    }),
});

const addToSub: PeepholePass = {
  name: 'Add to Sub',
  stage: 'operation',
  op: 'Add',
  when: ({ portable }) => !portable,
  rewrite: (graph, { inputs, shape }) => graph.op('Sub', inputs, 'float32', shape),
};

describe('runPasses', () => {
  const target = targetOf('step');

  it('applies the passes in the order of the list', () => {
    const run = (list: readonly GraphPass[]): string[] => {
      const fixture = new GraphFixture();
      const outputs = named(fixture.elementwise('Neg', fixture.input('x', 2)));
      const { graph } = fixture;
      return operators(graph, runPasses({ graph, outputs, target }, list).outputs);
    };
    const [first, second] = [renaming('Neg', 'Exp'), renaming('Exp', 'Log')];
    expect(run([first, second])).toEqual(['Log']);
    expect(run([second, first])).toEqual(['Exp']);
  });

  it('leaves out passes that do not suit the target', () => {
    const fixture = new GraphFixture();
    const outputs = named(fixture.elementwise('Neg', fixture.input('x', 2)));
    const pass = renaming('Neg', 'Exp', ({ accelerated }) => accelerated);
    const run = (options: Partial<Target>) =>
      runPasses({ graph: fixture.graph, outputs, target: targetOf('step', options) }, [pass]);
    expect(run({})).toEqual({ outputs, report: [] });
    expect(operators(fixture.graph, run({ accelerated: true }).outputs)).toEqual(['Exp']);
    expect(peepholesFor(targetOf('function'), [addToSub, pass])).toEqual([addToSub]);
    expect(peepholesFor(targetOf('function', { portable: true }), [addToSub, pass])).toEqual([]);
  });

  it('reports how many nodes each pass replaced, and how many there are after it', () => {
    const list = [addToSub, renaming('Neg', 'Exp'), renaming('Tanh', 'Exp')];
    const graph = new Graph(peepholesFor(target, list));
    const x = graph.input('x', 'float32', [2]);
    const sum = binary(graph, 'Add', x, graph.input('y', 'float32', [2]));
    const negative = (value: typeof x) => graph.op('Neg', [value], 'float32', [2]);
    const outputs = named(negative(negative(sum)));
    expect(runPasses({ graph, outputs, target }, list).report).toEqual([
      { pass: 'Add to Sub', stage: 'operation', replaced: 1, nodes: 3 },
      { pass: 'Neg to Exp', stage: 'graph', replaced: 2, nodes: 3 },
      { pass: 'Tanh to Exp', stage: 'graph', replaced: 0, nodes: 3 },
    ]);
  });
});

describe('the list of passes', () => {
  const namesFor = (...target: Parameters<typeof targetOf>): string[] =>
    passes.filter(({ when }) => when(targetOf(...target))).map(({ name }) => name);
  const peepholes = ['fuse-conv-bias', 'pool-before-relu', 'mask-before-unpool'];

  it('names each pass once, and those on single operations first', () => {
    const names = passes.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    const stages = passes.map(({ stage }) => stage);
    expect(stages.lastIndexOf('operation')).toBeLessThan(stages.indexOf('graph'));
  });

  it('is chosen from by target', () => {
    const pooling = ['pool-conv-in-phases', 'pool-channels-last'];
    const processor = ['fold-transpose', 'horizontal-fusion'];
    expect(namesFor('step', { channelBlock: 16 })).toEqual([
      ...peepholes,
      ...pooling,
      'propagate-nchwc',
      ...processor,
    ]);
    expect(namesFor('step', {})).toEqual([...peepholes, ...pooling, ...processor]);
    expect(namesFor('step', { ownGradients: true })).not.toContain('horizontal-fusion');
    expect(namesFor('step', { accelerated: true })).toEqual([...peepholes, ...pooling]);
    expect(namesFor('step', { accelerated: true, products: 'float16' })).toEqual([
      ...peepholes,
      ...pooling,
      'products-in-float16',
    ]);
    expect(namesFor('function', { products: 'float16' })).toEqual([...peepholes, 'products-in-float16']);
    expect(namesFor('function', { channelBlock: 16 })).toEqual(peepholes);
    expect(namesFor('function', { portable: true })).toEqual(peepholes);
  });
});
