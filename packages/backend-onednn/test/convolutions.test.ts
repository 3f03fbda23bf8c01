import { Rng } from '@anc/core';
import { afterAll, describe, expect, it } from 'vitest';
import type { Precision } from '../src/build/builder.js';
import { Program } from '../src/engine/program.js';
import type { FlatGraph, FlatNode, FlatValue } from '../src/graph/flat-graph.js';
import { KernelThreads } from '../src/kernels/kernel-threads.js';
import { loadLibrary } from '../src/library/find-library.js';
import { importOnednnKoffi } from '../src/library/koffi.js';
import { Onednn } from '../src/library/onednn.js';
import { LibraryThreads } from '../src/library/threads.js';
import { Heap } from '../src/memory/heap.js';
import { whyMissing } from './missing.js';

const why = await whyMissing({ trainingPrecision: 'bfloat16' });

interface Node {
  readonly op: string;
  readonly reads: readonly string[];
  readonly shape: readonly number[];
  readonly attributes?: FlatNode['attributes'];
}

/** A graph of inputs by their shapes, and of nodes by their names; all nodes but images are its outputs. */
function graphOf(
  inputs: Readonly<Record<string, readonly number[]>>,
  nodes: Readonly<Record<string, Node>>,
  images: readonly string[] = [],
): FlatGraph {
  const names = [...Object.keys(inputs), ...Object.keys(nodes)];
  const port = (name: string) => ({ name, value: names.indexOf(name) });
  return {
    values: names.map((name): FlatValue => {
      const shape = inputs[name] ?? nodes[name]!.shape;
      return { type: 'float32', shape, data: null, isImage: images.includes(name) };
    }),
    nodes: Object.entries(nodes).map(([name, { op, reads, attributes = {} }]) => ({
      op,
      attributes,
      inputs: reads.map((read) => names.indexOf(read)),
      outputs: [names.indexOf(name)],
    })),
    inputs: Object.keys(inputs).map(port),
    outputs: Object.keys(nodes)
      .filter((name) => !images.includes(name))
      .map(port),
  };
}

describe.skipIf(why !== null)(`convolutions in bfloat16${why ?? ''}`, async () => {
  if (why !== null) return;
  const found = loadLibrary(await importOnednnKoffi(), process.env);
  const library = new Onednn(found, await importOnednnKoffi(), new LibraryThreads(found.functions, 1));
  afterAll(() => library.close());

  function computed(graph: FlatGraph, precision: Precision): Map<string, Float32Array> {
    const rng = Rng.fromSeed(3);
    const inputs = new Map(
      graph.inputs.map(({ name, value }) => {
        const count = graph.values[value]!.shape.reduce((product, size) => product * size, 1);
        return [name, Float32Array.from({ length: count }, () => rng.normal())] as const;
      }),
    );
    const program = new Program(library, graph, precision, { threads: new KernelThreads(new Heap(), 1) });
    const outputs = program.run(inputs) as Map<string, Float32Array>;
    program.release();
    return outputs;
  }

  function expectNear(graph: FlatGraph): void {
    const rounded = computed(graph, 'bfloat16');
    for (const [name, values] of computed(graph, 'float32')) {
      let [difference, size] = [0, 0];
      values.forEach((value, i) => {
        difference += (value - rounded.get(name)![i]!) ** 2;
        size += value ** 2;
      });
      expect(Math.sqrt(difference / size), name).toBeLessThan(0.02);
    }
  }

  it.each([
    [12, 3],
    [16, 4],
    [16, 2],
    [32, 8],
    [64, 16],
    [128, 32],
  ])('%i channels in %i groups, read by kernels', (channels, group) => {
    const shape = [2, channels, 8, 8];
    const window = { kernel_shape: [3, 3], strides: [1, 1], dilations: [1, 1], pads: [1, 1, 1, 1] };
    const graph = graphOf(
      { x: shape, weights: [channels, channels / group, 3, 3] },
      {
        image: { op: 'Conv', attributes: { group, ...window }, reads: ['x', 'weights'], shape },
        y: { op: 'Relu', reads: ['image'], shape },
        z: { op: 'Neg', reads: ['image'], shape },
      },
      ['image'],
    );
    expectNear(graph);
  });

  it.each([
    [1, 3, 2],
    [1, 3, 3],
    [2, 3, 3],
    [2, 5, 2],
    [3, 5, 4],
    [2, 7, 4],
  ])(
    'gradients of weights of images of %i pixels a side, windows of %i, strides of %i',
    (size, kernel, stride) => {
      const [begin, end] = [(kernel - 1) / 2, (kernel - 1) / 2];
      const window = { kernel_shape: [kernel, kernel], strides: [stride, stride], dilations: [1, 1] };
      const attributes = { group: 1, ...window, pads: [begin, begin, end, end] };
      const places = Math.floor((size + begin + end - kernel) / stride) + 1;
      for (const [inputs, outputs] of [
        [16, 16],
        [24, 40],
        [64, 64],
      ] as const) {
        const graph = graphOf(
          { x: [32, inputs, size, size], dy: [32, outputs, places, places] },
          {
            gradient: {
              op: 'ConvFilterGradient',
              attributes,
              reads: ['x', 'dy'],
              shape: [outputs, inputs, kernel, kernel],
            },
          },
        );
        // memory that nothing has written may be zero by chance
        for (let time = 0; time < 5; time++) expectNear(graph);
      }
    },
  );
});
